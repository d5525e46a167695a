package engine

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// daemonArgs are settings of the daemon's connections. Where memory runs out, a reader's query ends and not the daemon's.
// Values of an INSERT are values: an expression could read a file.
var daemonArgs = []string{
	"--memory_overcommit_ratio_denominator=0",
	"--input_format_values_interpret_expressions=0",
}

// Disk that readers' queries may take for sorting and grouping. A full disk would lose days.
const (
	maxSpill  = 1 << 30 // by one query
	keepFree  = 2 << 30 // stays free whatever readers do
	leastCap  = 1 << 20 // 0 would mean no cap
	spillPart = 4 * maxReaders
)

// readerArgs are the settings of a reader's connection. Those that readers may change have bounds; see readerSettings.
func (e *engine) readerArgs() []string {
	return []string{
		fmt.Sprintf("--max_memory_usage=%d", e.memory),
		fmt.Sprintf("--max_execution_time=%d", maxSeconds),
		fmt.Sprintf("--max_temporary_data_on_disk_size_for_query=%d", spillCap(e.dir)),
	}
}

// spillCap is what one reader's query may write to the disk of dir: a part of what is free there beyond a reserve.
func spillCap(dir string) int64 {
	var fs unix.Statfs_t
	if unix.Statfs(dir, &fs) != nil {
		return leastCap
	}
	free := int64(fs.Bavail) * int64(fs.Bsize)
	return min(max((free-keepFree)/spillPart, leastCap), maxSpill)
}
