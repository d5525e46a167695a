package config

import (
	"fmt"
	"strings"
)

const referenceIntro = "# Configuration\n\n" +
	"<!-- Generated from internal/config by `go generate ./internal/config`; edit the structs, not this page. -->\n\n" +
	"The configuration is one YAML file. `-c` or `COLLECTOR_CONFIG` names it; without either, `collector.yaml` in the working\n" +
	"folder is read if it exists. [collector.example.yaml](../collector.example.yaml) shows every key. `collector config`\n" +
	"prints the configuration in force, with secrets redacted. An unknown key or a wrong value ends every command with exit\n" +
	"status 2 and one line that names the file, the key and what would be right.\n\n" +
	"- You can also give every key in the environment, which wins over the file: `COLLECTOR_` and the path in capitals, joined\n" +
	"  by `_`. In lists the position follows the list's name, counted from 0, also past the file's last element. A list of\n" +
	"  texts or numbers is one variable, separated by commas. An empty variable counts as not given. A variable with the\n" +
	"  prefix that is not a setting is an error.\n" +
	"- Relative paths, also those in the environment, are relative to the folder of the configuration file; without a file,\n" +
	"  to the working folder.\n" +
	"- A secret is given as the key itself or, better, in a file named by its `_file` twin; both is an error. Line ends at the\n" +
	"  end of the file are not part of the secret. A secret with an invisible character, with spaces or quotes around it, or\n" +
	"  that is not UTF-8 is an error that names the character and its position.\n" +
	"- Durations are written `20s`, `1h30m`, `400d`. Texts that look like numbers go in quotes.\n" +
	"- Schedules are cron expressions of five fields, or `@every 20s`, `@hourly`, `@daily`, in the account's time zone. They\n" +
	"  only wake the daemon. What it then requests depends on what it already has, so a skipped or doubled hour loses nothing.\n"

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
