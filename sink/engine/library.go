package engine

import (
	"errors"
	"runtime"
	"unsafe"
)

// library is libchdb's C interface (chdb.h of release 26.7), bound without cgo. Handles are opaque
// uintptrs, because the memory behind them belongs to the engine, not to Go.
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

// queryFunc is the signature of calls that take a statement with parameters: their names, values,
// lengths and number.
type queryFunc = func(conn uintptr, sql unsafe.Pointer, n uint64, format unsafe.Pointer, formatLen uint64,
	names, nameLens, values, valueLens unsafe.Pointer, count uint64) uintptr

// conn is one session inside the engine. It runs one statement at a time; callers serialize.
type conn struct {
	lib    *library
	owner  uintptr // chdb_connection*, for chdb_close_conn
	handle uintptr // chdb_connection, for everything else
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

// bytesOf returns the address and length of s. They are valid during one call.
func bytesOf(s string) (unsafe.Pointer, uint64) {
	return unsafe.Pointer(unsafe.StringData(s)), uint64(len(s))
}
