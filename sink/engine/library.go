package engine

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is libchdb's C interface (chdb.h of release 26.7), bound without cgo. Handles stay opaque uintptrs: the memory
// behind them is the engine's, and Go's collector never has to know it.
type library struct {
	setSignalHandlers  func(enabled int32)
	connect            func(argc int32, argv unsafe.Pointer) uintptr
	closeConn          func(conn uintptr)
	classify           func(conn uintptr, sql unsafe.Pointer, n uint64, db unsafe.Pointer, dbLen uint64, out unsafe.Pointer) int32
	streamQuery        queryFunc
	query              queryFunc
	streamFetch        func(conn, result uintptr) uintptr
	streamCancel       func(conn, result uintptr)
	insert             queryFunc
	insertAppend       func(stream uintptr, data unsafe.Pointer, n uint64) int32
	insertDone         func(stream uintptr) uintptr
	insertError        func(stream uintptr) string
	insertDestroy      func(stream uintptr)
	resultBuffer       func(result uintptr) unsafe.Pointer
	resultLength       func(result uintptr) uint64
	resultError        func(result uintptr) string
	resultElapsed      func(result uintptr) float64
	resultRowsRead     func(result uintptr) uint64
	resultBytesRead    func(result uintptr) uint64
	resultRowsWritten  func(result uintptr) uint64
	resultBytesWritten func(result uintptr) uint64
	resultDestroy      func(result uintptr)
}

// queryFunc is the shape of the calls that take a statement with parameters: names and values with their lengths, and how many.
type queryFunc = func(conn uintptr, sql unsafe.Pointer, n uint64, format unsafe.Pointer, formatLen uint64,
	names, nameLens, values, valueLens unsafe.Pointer, count uint64) uintptr

// load binds the library at path. The engine's signal handlers stay off: the Go runtime needs its own.
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

// conn is one session inside the engine. It runs one statement at a time; callers serialize.
type conn struct {
	lib    *library
	owner  uintptr // chdb_connection*: what chdb_close_conn takes
	handle uintptr // chdb_connection: what everything else takes
}

func (lib *library) open(args ...string) (*conn, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	argv := make([]unsafe.Pointer, len(args)+2)
	for i, a := range append([]string{"collector"}, args...) {
		b := append([]byte(a), 0)
		pin.Pin(&b[0])
		argv[i] = unsafe.Pointer(&b[0])
	}
	owner := lib.connect(int32(len(args)+1), unsafe.Pointer(&argv[0]))
	if owner == 0 {
		return nil, errors.New("the ClickHouse engine refused to open its data folder")
	}
	return &conn{lib: lib, owner: owner, handle: **(**uintptr)(unsafe.Pointer(&owner))}, nil
}

func (c *conn) close() { c.lib.closeConn(c.owner) }

// bytesOf is the address and length of s for the time of one call.
func bytesOf(s string) (unsafe.Pointer, uint64) {
	return unsafe.Pointer(unsafe.StringData(s)), uint64(len(s))
}
