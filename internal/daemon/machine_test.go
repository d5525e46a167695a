package daemon

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestMachineMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := &machine{stateDir: t.TempDir(), log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	registry.MustRegister(m)
	values := func() map[string]float64 {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]float64{}
		for _, f := range families {
			values[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue()
		}
		return values
	}
	v, now := values(), float64(time.Now().UnixMilli())/1e3
	clock, size, free := v["collector_time_seconds"], v["collector_state_filesystem_size_bytes"], v["collector_state_filesystem_avail_bytes"]
	if clock > now || now-clock > patience.Seconds() || free <= 0 || size < free {
		t.Errorf("at %f: %v", now, v)
	}
	m.stateDir += "/gone"
	if v := values(); len(v) != 1 {
		t.Errorf("a folder that is gone: %v", v)
	}
}
