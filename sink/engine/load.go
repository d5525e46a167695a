//go:build !noengine

package engine

import (
	"fmt"

	"github.com/ebitengine/purego"
)

// Included reports whether this binary can load the engine.
const Included = true

// load binds the library at path. It disables the engine's signal handlers, because the Go runtime
// needs its own.
func load(path string) (lib *library, err error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("cannot load the ClickHouse engine %s: %w", path, err)
	}
	lib = new(library)
	for _, f := range []struct {
		fn   any
		name string
	}{
		{&lib.setSignalHandlers, "chdb_set_signal_handlers_enabled"},
		{&lib.connect, "chdb_connect"},
		{&lib.closeConn, "chdb_close_conn"},
		{&lib.classify, "chdb_classify_query_n"},
		{&lib.streamQuery, "chdb_stream_query_with_params_n"},
		{&lib.query, "chdb_query_with_params_n"},
		{&lib.streamFetch, "chdb_stream_fetch_result"},
		{&lib.streamCancel, "chdb_stream_cancel_query"},
		{&lib.insert, "chdb_stream_insert_with_params_n"},
		{&lib.insertAppend, "chdb_stream_append"},
		{&lib.insertDone, "chdb_stream_done"},
		{&lib.insertError, "chdb_stream_insert_error"},
		{&lib.insertDestroy, "chdb_destroy_insert_stream"},
		{&lib.resultBuffer, "chdb_result_buffer"},
		{&lib.resultLength, "chdb_result_length"},
		{&lib.resultError, "chdb_result_error"},
		{&lib.resultElapsed, "chdb_result_elapsed"},
		{&lib.resultRowsRead, "chdb_result_storage_rows_read"},
		{&lib.resultBytesRead, "chdb_result_storage_bytes_read"},
		{&lib.resultRowsWritten, "chdb_result_rows_written"},
		{&lib.resultBytesWritten, "chdb_result_bytes_written"},
		{&lib.resultDestroy, "chdb_destroy_query_result"},
	} {
		address, err := purego.Dlsym(handle, f.name)
		if err != nil {
			return nil, fmt.Errorf("%s is not the ClickHouse engine of version %s: it has no %s; run `make engine`", path, Version, f.name)
		}
		purego.RegisterFunc(f.fn, address)
	}
	lib.setSignalHandlers(0)
	return lib, nil
}
