// Package statedir looks at a state folder before a process uses it: whose it is, and whether it can be
// looked into at all.
package statedir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/durable"
)

// What lies in a state folder.
const (
	StateFile    = "state.db"
	EngineFolder = "clickhouse" // data of the embedded engine
)

// Folder is a state folder, and what errors about it have to say.
type Folder struct {
	Path        string
	Source, Key string   // where state_dir was set, see config.Error
	Args        []string // the command line of this process without its first word
}

// Has reports whether the folder has an entry of that name. It is an error that the folder cannot be
// looked into: that says neither.
func (f Folder) Has(name string) (bool, error) {
	_, err := os.Lstat(filepath.Join(f.Path, name))
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	}
	problem := fmt.Sprintf("cannot look into %s: %s", f.Path, durable.Bare(err))
	if info, statErr := os.Stat(f.Path); statErr == nil && errors.Is(err, fs.ErrPermission) {
		problem += "; " + f.runAs(OwnerOf(info))
	}
	return false, f.Error(problem)
}

// Error is a config.Error about state_dir that names where it was set.
func (f Folder) Error(problem string) error {
	return &config.Error{Source: f.Source, Key: f.Key, Problem: problem}
}

// RefuseOthers returns the error of a command that would leave files in the state folder of another user, whose daemon could not
// write them any more. The folder alone may belong to somebody else, as volumes in containers do.
func (f Folder) RefuseOthers() error {
	for _, name := range []string{StateFile, EngineFolder, "."} {
		info, err := os.Stat(filepath.Join(f.Path, name))
		if err != nil {
			continue // whoever needs it says what is wrong with it
		}
		owner, me := OwnerOf(info), os.Geteuid()
		if owner == me || name == "." && me != 0 {
			return nil
		}
		advice := f.runAs(owner)
		if folder, err := os.Stat(f.Path); err == nil && name != "." && OwnerOf(folder) == me { // a command of another user has left it
			advice = "give it back: sudo chown -R " + accountOf(me) + " " + shellWord(f.Path)
		}
		return f.Error(fmt.Sprintf("%s belongs to %s, and you are %s; %s", filepath.Join(f.Path, name), nameOf(owner), nameOf(me), advice))
	}
	return nil
}

// OwnerOf returns the user id of the owner of a file.
func OwnerOf(info os.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return os.Geteuid()
}

func nameOf(uid int) string { return "user " + accountOf(uid) }

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// runAs is the command line of this process for another user.
func (f Folder) runAs(uid int) string {
	as := accountOf(uid)
	if as == strconv.Itoa(uid) { // sudo takes it for a name else
		as = "'#" + as + "'"
	}
	words := []string{"run it as that user: sudo -u", as, "collector"}
	for _, word := range f.Args {
		words = append(words, shellWord(word))
	}
	return strings.Join(words, " ")
}

// accountOf is a user's name, or number where there is no name.
func accountOf(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}

// shellWord is a word as a shell reads it back.
func shellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
