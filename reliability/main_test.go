package reliability_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain trades memory for time: simulations make much garbage and hold little.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
