package reseller_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
)

const head = "customer,vendor,account,field,value\n"

// TestTheCustomersFileIsReadAgainWhenItChanges walks through what can become of it while the jobs run.
func TestTheCustomersFileIsReadAgainWhenItChanges(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "customers.csv")
	write := func(text string) func() {
		return func() {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, always("eu", has("eu", "a", 10, 1)))
		o.file = file
		jobs := o.open()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- jobs.Run(ctx) }()
		synctest.Wait()
		for _, step := range []struct {
			name     string
			do       func()
			customer string // whose a is now
			lines    int
			mappings int // how often the lines have changed
			wrong    string
		}{
			{"no file", func() {}, "", 0, 0, ""},
			{"it comes", write(head + "A,remotepc,,customer,a\n"), "A", 1, 1, ""},
			{"nothing changes", func() {}, "A", 1, 1, ""},
			{"a line more", write(head + "A,remotepc,,customer,a\nB,remotepc,,customer,b\n"), "A", 2, 2, ""},
			{"an error in it", write(head + "A,remotpc,,customer,a\n"), "A", 2, 2, "customers.csv: line 2: vendor"},
			{"the error stays", func() {}, "A", 2, 2, "customers.csv: line 2: vendor"},
			{"another error", write(head + "A,remotepc,,customer\n"), "A", 2, 2, "customers.csv: line 2: has 4 fields"},
			{"mended", write(head + "C,remotepc,,customer,a\n"), "C", 1, 3, ""},
			{"the disk is full", func() { o.store.setBroken(errDisk); write(head + "Dora,remotepc,,customer,a\n")() }, "C", 1, 3, "no room"},
			{"and no more", func() { o.store.setBroken(nil) }, "Dora", 1, 4, ""},
			{"a folder in its place", func() { _ = os.Remove(file); _ = os.Mkdir(file, 0o700) }, "Dora", 1, 4, "is not a file of customers"},
			{"it is gone", func() { _ = os.Remove(file) }, "Dora", 1, 4, "customers.csv is gone; to remove all mappings, put a file there that has only the header"},
			{"it is emptied", write(""), "Dora", 1, 4, "the header is missing"},
			{"the header alone", write(head), "", 0, 5, ""},
			{"it is gone for good", func() { _ = os.Remove(file) }, "", 0, 5, ""},
		} {
			step.do()
			time.Sleep(minute)
			synctest.Wait()
			f := jobs.Facts()
			if f.CustomerLines != step.lines || o.store.mappings != step.mappings || (f.CustomersErr == nil) != (step.wrong == "") ||
				f.CustomersErr != nil && !strings.Contains(f.CustomersErr.Error(), step.wrong) {
				t.Errorf("%s: %d lines, changed %d times, %v", step.name, f.CustomerLines, o.store.mappings, f.CustomersErr)
			}
			valid := 1.0
			if step.wrong != "" {
				valid = 0
			}
			if v := o.values(); v["reseller_customers_file_valid"] != valid || v["reseller_customers_file_lines"] != float64(step.lines) {
				t.Errorf("%s: %v", step.name, v)
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if n := strings.Count(o.logged(), "level=ERROR msg=\"the customers file cannot be used"); n != 6 {
			t.Errorf("%d errors are told, want each once:\n%s", n, o.logged())
		}
	})
}

// TestEventsNameTheCustomerOfTheFile: a line with the account before one for any.
func TestEventsNameTheCustomerOfTheFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "customers.csv")
	text := "\ufeff" + strings.ReplaceAll(head+"Any,remotepc,,customer,a\nEu,remotepc,eu,customer,a\nEx,remotepc,eu,customer,c\nNo,remotepc,,customer,c\nOther,ccportal,,customer,b\n", ",", ";")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, always("eu", has("eu", "a", 10, 8), has("eu", "b", 10, 8), has("eu", "c", 10, 8)), always("us", has("us", "a", 10, 8)))
		o.file, o.hook = file, &webhook{}
		o.run(time.Second)
		names := map[string]string{}
		for _, e := range o.hook.events {
			names[e.Account+"/"+e.Customer] = e.MappedTo
		}
		if len(names) != 4 || names["eu/a"] != "Eu" || names["eu/c"] != "Ex" || names["us/a"] != "Any" || names["eu/b"] != "" {
			t.Errorf("%v", names)
		}
	})
}

// TestAFileThatIsGoneAtTheStart: what it said in the run before stays in use, also of a process that does everything once.
func TestAFileThatIsGoneAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, always("eu", has("eu", " a\u00a0", 10, 8)))
		o.file, o.hook = filepath.Join(t.TempDir(), "customers.csv"), &webhook{}
		if err := o.open().Once(t.Context()); err != nil {
			t.Errorf("there never was one: %v", err)
		}
		o.store.lines = []report.CustomerLine{{Customer: "A", Vendor: "remotepc", Field: "customer", Value: "a"}}
		if err := o.open().Once(t.Context()); err == nil || !strings.Contains(err.Error(), "customers.csv is gone") || len(o.store.lines) != 1 {
			t.Errorf("%v, %d lines", err, len(o.store.lines))
		}
		time.Sleep(32 * 24 * time.Hour)
		if f := o.run(time.Second).Facts(); f.CustomerLines != 1 || f.CustomersErr == nil || o.values()["reseller_customers_file_valid"] != 0 {
			t.Errorf("%+v", f)
		}
		if n := len(o.hook.events); n == 0 || o.hook.events[n-1].MappedTo != "A" {
			t.Errorf("%+v", o.hook.events)
		}
	})
}

// TestOnceTellsAWrongCustomersFile beside everything else that it does.
func TestOnceTellsAWrongCustomersFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "customers.csv")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, always("eu", has("eu", "a", 10, 1)))
		o.file = file
		if err := o.open().Once(t.Context()); err == nil || !strings.Contains(err.Error(), "customers.csv: line 1") || o.store.count("remotepc", "eu") != 1 {
			t.Errorf("%v, %d snapshots", err, o.store.count("remotepc", "eu"))
		}
	})
}

// TestAWrongCustomersFileAtTheStart: what it said in the run before stays in use.
func TestAWrongCustomersFileAtTheStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "customers.csv")
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, always("eu", has("eu", "a", 10, 8)))
		o.file, o.hook = file, &webhook{}
		o.store.lines = []report.CustomerLine{{Customer: "A", Vendor: "remotepc", Field: "customer", Value: "a"}}
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if f := o.run(time.Second).Facts(); f.CustomerLines != 1 || f.CustomersErr == nil {
			t.Errorf("%d lines are in use, %v", f.CustomerLines, f.CustomersErr)
		}
		if len(o.hook.events) != 1 || o.hook.events[0].MappedTo != "A" {
			t.Errorf("%+v", o.hook.events)
		}
	})
}
