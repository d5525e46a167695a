package daemon

import (
	"log/slog"
	"time"

	"alpemix-collector/internal/version"
	"alpemix-collector/sink/engine"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"
)

// machine reports what the collector depends on: the clock, and the free space for the state.
type machine struct {
	stateDir string
	log      *slog.Logger
}

var (
	timeDesc = prometheus.NewDesc("collector_time_seconds", "This machine's clock, as Unix time.", nil, nil)
	sizeDesc = prometheus.NewDesc("collector_state_filesystem_size_bytes", "Size of the file system that state_dir lies on.", nil, nil)
	freeDesc = prometheus.NewDesc("collector_state_filesystem_avail_bytes", "What the collector may still write to the file system that state_dir lies on.", nil, nil)
)

// Describe implements prometheus.Collector.
func (m machine) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{timeDesc, sizeDesc, freeDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m machine) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	gauge(timeDesc, float64(time.Now().UnixMilli())/1e3)
	var fs unix.Statfs_t
	if err := unix.Statfs(m.stateDir, &fs); err != nil { // the other metrics are of use all the same
		m.log.Warn("the free space for state_dir cannot be determined", "state_dir", m.stateDir, "err", err)
		return
	}
	block := float64(fs.Bsize)
	gauge(sizeDesc, float64(fs.Blocks)*block)
	gauge(freeDesc, float64(fs.Bavail)*block)
}

// OwnMetrics are those of this build and this machine.
func OwnMetrics(stateDir string, log *slog.Logger) []prometheus.Collector {
	return []prometheus.Collector{buildInfo(), machine{stateDir, log}}
}

// buildInfo is the metric collector_build_info: always 1, the facts are its labels.
func buildInfo() prometheus.Collector {
	name, from := version.Build()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "collector_build_info", Help: "Which collector this is; always 1.",
		ConstLabels: prometheus.Labels{"version": name, "commit": from, "engine": engine.Version},
	})
	info.Set(1)
	return info
}
