package engine

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// daemonArgs are settings of the daemon's connections. When memory runs out, the engine stops a
// reader's query, not the daemon's. Values of an INSERT are not evaluated: an expression could read
// a file.
var daemonArgs = []string{
	"--memory_overcommit_ratio_denominator=0",
	"--input_format_values_interpret_expressions=0",
}

// Limits on the disk space that readers' queries may use to sort and group. A full disk would lose
// days.
const (
	maxSpill  = 1 << 30 // for one query
	keepFree  = 2 << 30 // kept free whatever readers do
	leastCap  = 1 << 20 // because 0 means no cap
	spillPart = 4 * maxReaders
)

// readerArgs returns the settings of a reader's connection. Readers may change some of them within
// bounds; see readerSettings.
func (e *engine) readerArgs() []string {
	return []string{
		fmt.Sprintf("--max_memory_usage=%d", e.memory),
		fmt.Sprintf("--max_execution_time=%d", maxSeconds),
		fmt.Sprintf("--max_temporary_data_on_disk_size_for_query=%d", spillCap(e.dir)),
	}
}

// spillCap returns how much one reader's query may write to the disk of dir: a share of the free
// space beyond a reserve.
func spillCap(dir string) int64 {
	var fs unix.Statfs_t
	if unix.Statfs(dir, &fs) != nil {
		return leastCap
	}
	free := int64(fs.Bavail) * int64(fs.Bsize)
	return min(max((free-keepFree)/spillPart, leastCap), maxSpill)
}
