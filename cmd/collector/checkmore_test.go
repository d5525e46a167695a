package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"alpemix-collector/sink/enginetest"
)

// TestCheckFindsWhatRunWouldNot be able to use: ports of others, and a customers file that is wrong.
func TestCheckFindsWhatRunWouldNot(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	const header = "customer,vendor,account,field,value\n"
	account := []string{"COLLECTOR_RESELLER_CCPORTAL_ACCOUNTS_0_NAME=k", "COLLECTOR_RESELLER_CCPORTAL_ACCOUNTS_0_BASE_URL=http://127.0.0.1:9",
		"COLLECTOR_RESELLER_CCPORTAL_ACCOUNTS_0_CUSTOMERS=1"}
	for _, c := range []struct {
		environ []string
		want    string
	}{
		{[]string{"COLLECTOR_HTTP_LISTEN=" + taken.Addr().String()}, "FAIL  http.listen: " + taken.Addr().String() + " is in use by another program; choose another port\n"},
		{[]string{"COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + taken.Addr().String()}, "FAIL  clickhouse.embedded.listen: " + taken.Addr().String() + " is in use by another program"},
		{[]string{"COLLECTOR_HTTP_LISTEN=203.0.113.7:9187"}, "FAIL  http.listen: listen tcp 203.0.113.7:9187: bind: cannot assign requested address"},
		{[]string{"COLLECTOR_HTTP_HOSTS=a.example,b.example"}, "is free; offered as a.example, b.example\n"},
		{nil, "ok    http.listen: "},
		{nil, "ok    customers: no file "},
		{[]string{"COLLECTOR_CUSTOMERS_FILE=" + write(t, "customers.csv", header+"Bakkal,alpemix,,staff_name,Ayşe\n")}, "customers.csv has 1 lines\n"},
		{[]string{"COLLECTOR_CUSTOMERS_FILE=" + write(t, "customers.csv", header+"Bakkal,nobody,,staff_name,Ayşe\n")}, "FAIL  customers: "},
		{[]string{"COLLECTOR_CUSTOMERS_FILE=" + t.TempDir()}, "is not a file of customers"},
	} {
		environ := append([]string{"COLLECTOR_STATE_DIR=" + t.TempDir(), "COLLECTOR_HTTP_LISTEN=" + freeAddress(t),
			"COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + freeAddress(t)}, account...)
		got := command(t, append(environ, c.environ...), "", "check")
		if !strings.Contains(got.stdout, c.want) || strings.HasPrefix(c.want, "FAIL") && got.code != exitFailure {
			t.Errorf("%+v\nwant %s", got, c.want)
		}
	}
}

// TestCheckTriesToWrite: a server that lets this user read only stores nothing, and check must not call that well.
func TestCheckTriesToWrite(t *testing.T) {
	server := enginetest.Shared(t)
	dsn := server.DSN("check_writes")
	if got := command(t, []string{"COLLECTOR_CLICKHOUSE_DSN=" + dsn}, "", "migrate", "up"); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	// What a server says to a user who may read only, and to one without a grant.
	refusing := func(code int, text string) string {
		on := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address.Host})
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || !strings.Contains(r.URL.RawQuery+string(body), "INSERT INTO") {
				r.Body = io.NopCloser(bytes.NewReader(body))
				on.ServeHTTP(w, r)
				return
			}
			w.Header().Set("X-ClickHouse-Exception-Code", fmt.Sprint(code))
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = fmt.Fprintf(w, "Code: %d. DB::Exception: %s", code, text)
		}))
		t.Cleanup(proxy.Close)
		refused := *address
		refused.Host = strings.TrimPrefix(proxy.URL, "http://")
		return refused.String()
	}
	for dsn, want := range map[string]string{
		dsn: "ok    writes: the user may store rows in database check_writes\n",
		refusing(164, "Cannot execute query in readonly mode. (READONLY)"): "FAIL  writes: ClickHouse at ",
		refusing(497, "reader: Not enough privileges. (ACCESS_DENIED)"):    "FAIL  writes: ClickHouse at ",
		refusing(242, "Table is in readonly mode. (TABLE_IS_READ_ONLY)"):   "FAIL  writes: ClickHouse at ",
	} {
		got := command(t, []string{"COLLECTOR_CLICKHOUSE_DSN=" + dsn, "COLLECTOR_STATE_DIR=" + t.TempDir(), "COLLECTOR_HTTP_LISTEN=" + freeAddress(t)}, "", "check")
		if !strings.Contains(got.stdout, want) || !strings.Contains(got.stdout, "ok    schema: ") {
			t.Errorf("%s: %+v", dsn, got)
		}
	}
}

// TestCheckKnowsTheEngineOfAnotherCollector, which lets everybody else read only.
func TestCheckKnowsTheEngineOfAnotherCollector(t *testing.T) {
	c := embeddedConfig(t)
	_, stop := started(t, c)
	t.Cleanup(stop)
	listen := c.ClickHouse.Embedded.Listen
	if got := command(t, []string{"COLLECTOR_STATE_DIR=" + c.StateDir, "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + listen}, "", "migrate", "up"); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	got := command(t, []string{"COLLECTOR_CLICKHOUSE_DSN=http://" + listen + "/alpemix", "COLLECTOR_STATE_DIR=" + t.TempDir(),
		"COLLECTOR_HTTP_LISTEN=" + freeAddress(t)}, "", "check")
	if got.code != exitFailure || !strings.Contains(got.stdout, "FAIL  writes: ClickHouse at "+listen+" does not accept writes: ") {
		t.Errorf("%+v", got)
	}
}
