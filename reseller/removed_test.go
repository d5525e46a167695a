package reseller_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
)

// TestAnAccountThatIsNoLongerConfigured is ended at the next start, unless what is known of it could not be read again.
func TestAnAccountThatIsNoLongerConfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, always("eu", has("eu", "a", 10, 1)))
		o.store.known["remotepc/old name"] = []report.Allotment{has("old name", "a", 10, 1)}
		o.store.known["serwersms/pl"] = []report.Allotment{{Vendor: "serwersms", Account: "pl", Customer: "77", Resource: "sms_eco"}}
		o.store.setBroken(errDisk)
		if err := o.open().Once(t.Context()); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "no longer configured") {
			t.Errorf("%v", err)
		}
		o.store.setBroken(nil)
		o.run(time.Second)
		if len(o.store.known) != 2 || o.store.known["remotepc/eu"] == nil || o.store.known["serwersms/pl"] == nil || o.queued == 0 {
			t.Errorf("%v", o.store.known)
		}
		if n := strings.Count(o.logged(), "level=WARN msg=\"this account is no longer configured"); n != 1 || !strings.Contains(o.logged(), `account="old name"`) {
			t.Errorf("it is told %d times:\n%s", n, o.logged())
		}
	})
}
