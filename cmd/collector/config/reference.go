package config

import (
	"fmt"
	"strings"
)

const referenceIntro = "# Configuration\n\n" +
	"<!-- Generated from cmd/collector/config by `go generate ./cmd/collector/...`; edit the structs, not this page. -->\n\n" +
	"The configuration is one YAML file, named by `-c` or `COLLECTOR_CONFIG`; without either, `collector.yaml` in the working\n" +
	"folder is read if it is there. [collector.example.yaml](../collector.example.yaml) shows every key. `collector config` prints\n" +
	"what is in force, with secrets redacted. An unknown key or a wrong value ends every command with exit status 2 and one line\n" +
	"that names the file, the key and what would be right.\n\n" +
	"- Every key can also be given in the environment, which wins over the file: `COLLECTOR_` and the path in capitals, joined by\n" +
	"  `_`. In lists the position follows the list's name, counted from 0, also past the file's last element; a list of texts or numbers\n" +
	"  is one variable, separated by commas. An empty variable counts as not given. A variable with the prefix that is not a setting is\n" +
	"  an error.\n" +
	"- Relative paths, also those in the environment, are relative to the folder of the configuration file; without a file, to the\n" +
	"  working folder.\n" +
	"- A secret is given as the key itself or, better, in a file named by its `_file` twin; both is an error. Line ends at the end\n" +
	"  of the file are not part of the secret. A secret with an invisible character, with spaces or quotes around it, or that is not\n" +
	"  UTF-8 is an error that names the character and its position.\n" +
	"- Durations are written `20s`, `1h30m`, `400d`. Texts that look like numbers go in quotes.\n" +
	"- Schedules are cron expressions of five fields, or `@every 20s`, `@hourly`, `@daily`, in the account's time zone. They only\n" +
	"  wake the daemon; what it then asks for follows from what it has already, so a skipped or doubled hour loses nothing.\n"

// Reference is docs/configuration.md: every key with its default, its environment variable and its meaning.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceIntro)
	section := "\x00"
	for _, l := range leaves() {
		prefix := ""
		if cut := strings.LastIndexByte(l.Path, '.'); cut >= 0 {
			prefix = l.Path[:cut]
		}
		if prefix != section {
			section = prefix
			title := "Top level"
			if section != "" {
				title = "`" + strings.ReplaceAll(section, "[0]", "[]") + "`"
			}
			fmt.Fprintf(&b, "\n## %s\n\n| key | default | meaning | environment |\n|---|---|---|---|\n", title)
		}
		byDefault := ""
		if l.Default != "" {
			byDefault = "`" + l.Default + "`"
		}
		key := strings.TrimPrefix(strings.TrimPrefix(l.Path, section), ".")
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` |\n", key, byDefault, l.Doc, l.Env)
	}
	return b.String()
}
