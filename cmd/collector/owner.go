package main

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

// isThere reports whether dir has an entry of that name. It is an error that it cannot be looked at: that says neither.
func (a *app) isThere(dir, name string) (bool, error) {
	_, err := os.Lstat(filepath.Join(dir, name))
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	}
	problem := fmt.Sprintf("cannot look into %s: %s", dir, durable.Bare(err))
	if info, statErr := os.Stat(dir); statErr == nil && errors.Is(err, fs.ErrPermission) {
		problem += "; " + a.runAs(ownerOf(info))
	}
	return false, a.stateDirError(problem)
}

// stateDirError is a config.Error about state_dir that names where it was given.
func (a *app) stateDirError(problem string) error {
	if a.getenv("COLLECTOR_STATE_DIR") != "" {
		return &config.Error{Source: "environment", Key: "COLLECTOR_STATE_DIR", Problem: problem}
	}
	return &config.Error{Source: a.configSource(), Key: "state_dir", Problem: problem}
}

// refuseOthers is the error of a command that would leave files in the state folder of another user, whose daemon could not
// write them any more. The folder alone may belong to somebody else, as volumes in containers do.
func (a *app) refuseOthers(stateDir string) error {
	for _, name := range []string{"state.db", engineFolder, "."} {
		info, err := os.Stat(filepath.Join(stateDir, name))
		if err != nil {
			continue // whoever needs it says what is wrong with it
		}
		owner, me := ownerOf(info), os.Geteuid()
		if owner == me || name == "." && me != 0 {
			return nil
		}
		advice := a.runAs(owner)
		if folder, err := os.Stat(stateDir); err == nil && name != "." && ownerOf(folder) == me { // a command of another user has left it
			advice = "give it back: sudo chown -R " + accountOf(me) + " " + shellWord(stateDir)
		}
		return a.stateDirError(fmt.Sprintf("%s belongs to %s, and you are %s; %s", filepath.Join(stateDir, name), nameOf(owner), nameOf(me), advice))
	}
	return nil
}

func ownerOf(info os.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return os.Geteuid()
}

func nameOf(uid int) string { return "user " + accountOf(uid) }

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// runAs is the command line of this process for another user.
func (a *app) runAs(uid int) string {
	as := accountOf(uid)
	if as == strconv.Itoa(uid) { // sudo takes it for a name else
		as = "'#" + as + "'"
	}
	words := []string{"run it as that user: sudo -u", as, "collector"}
	for _, word := range a.args {
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
