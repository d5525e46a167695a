package store

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/internal/durable"
)

// The file gives no space back to the disk, and every transaction writes the list of its free pages. So what the queue of a long
// outage has left is rewritten at the next start: a file of compactFrom bytes or more, most of which is free.
const compactFrom = 32 << 20

// compactPart is how many bytes one transaction copies; it bounds the memory.
const compactPart = 4 << 20

// compactSuffix is added to the name of the file for the one that is to replace it.
const compactSuffix = ".compact"

// compact replaces the file by a small one if that is worth it. It comes after everything was read, so it touches neither a
// damaged file nor one of a newer format. The old file keeps its name until the new one is whole and on disk: whenever the
// process dies, one of the two is the state file. Where there is no room for both, the old one serves on.
func (s *Store) compact(dir string, opts bolt.Options) (err error) {
	defer catchDamage(s.path, &err)()
	temporary := s.path + compactSuffix
	if err := os.Remove(temporary); err == nil {
		s.log.Info("removed what a process that died while compacting the state file had left", "file", temporary)
	}
	before, err := os.Lstat(s.path)
	if err != nil {
		return s.explain(err)
	}
	free := int64(s.db.Stats().FreePageN) * int64(s.db.Info().PageSize)
	if !before.Mode().IsRegular() || before.Size() < compactFrom || 2*free < before.Size() {
		return nil
	}
	if err := s.replace(temporary, before, opts); err != nil {
		_ = os.Remove(temporary) // if that fails too, the next start does it
		s.log.Warn("the state file is larger than it need be and cannot be compacted; it serves as it is", "err", explain(temporary, err))
		return nil
	}
	// The old file has no name any more. Without knowing that the new one keeps its name, nothing may be promised.
	if err := errors.Join(durable.SyncFolder(filepath.Dir(s.path), (*os.File).Sync), s.db.Close()); err != nil {
		return s.explain(err)
	}
	db, err := openFile(dir, s.path, opts)
	if err != nil {
		return err
	}
	s.db = db
	if after, err := os.Stat(s.path); err == nil {
		s.log.Info("state file compacted", "file", s.path, "bytes", after.Size(), "before", before.Size())
	}
	return nil
}

// replace writes the content of the file into a new one of the same owner, waits for the disk, and gives it the file's name.
func (s *Store) replace(temporary string, before os.FileInfo, opts bolt.Options) error {
	small, err := openBolt(temporary, opts)
	if err != nil {
		return err
	}
	if err := errors.Join(bolt.Compact(small, s.db, compactPart), small.Sync(), small.Close()); err != nil {
		return err
	}
	if err := os.Chmod(temporary, before.Mode().Perm()); err != nil {
		return err
	}
	if owner, ok := before.Sys().(*syscall.Stat_t); ok { // root may compact the file of another user
		if err := os.Chown(temporary, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	return os.Rename(temporary, s.path)
}
