package store

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/internal/durable"
)

// bbolt never shrinks its file, and every transaction writes the list of free pages. So a file of
// at least compactFrom bytes that is mostly free, as after a long outage, is rewritten at the next
// start.
const compactFrom = 32 << 20

// compactPart is how many bytes one transaction copies, which limits memory.
const compactPart = 4 << 20

// compactSuffix is the suffix of the new file while it is being written.
const compactSuffix = ".compact"

// compact replaces the file by a smaller one if that is worthwhile. It runs after everything was
// read, so it changes neither a damaged file nor one of a newer format. The old file keeps its name
// until the new one is complete and on disk, so whenever the process dies, one of them is the state
// file. If there is no space for both, the old one stays in use.
func (s *Store) compact(dir string, opts bolt.Options) (err error) {
	defer catchDamage(s.path, &err)()
	temporary := s.path + compactSuffix
	if err := os.Remove(temporary); err == nil {
		s.log.Info("removed an unfinished copy of the state file, left by a process that died", "file", temporary)
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
		s.log.Warn("the state file is larger than necessary and cannot be compacted; it stays in use", "err", explain(temporary, err))
		return nil
	}
	// The old file has no name any more. Go on only if the new one's name is safe on disk.
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

// replace copies the file into a new one with the same owner, flushes it, and renames it.
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
