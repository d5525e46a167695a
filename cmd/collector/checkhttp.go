package main

import (
	"fmt"

	"alpemix-collector/internal/daemon"
	"alpemix-collector/web"
)

// http checks who may read the page, and warns if everybody may.
func (k *checkRun) http() {
	file := k.config.HTTP.WebConfigFile
	protection, err := web.ProtectionOf(file)
	if err != nil {
		k.line("http.web_config_file", "", fmt.Errorf("%s: %w", file, err))
		return
	}
	if file != "" {
		k.line("http.web_config_file", fmt.Sprintf("%s requires %s", file, protection), nil)
	}
	if problem := daemon.Exposed(&k.config.HTTP, protection); problem != "" {
		k.warn("http.listen", problem)
	}
}

// warn prints a problem that does not change the exit status.
func (k *checkRun) warn(subject, problem string) {
	_, _ = fmt.Fprintf(k.stdout, "warn  %s: %s\n", subject, problem)
}
