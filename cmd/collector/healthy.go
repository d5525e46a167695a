package main

import (
	"fmt"
	"net/http"
	"time"

	"alpemix-collector/internal/daemon"

	"github.com/spf13/cobra"
)

// healthTimeout is shorter than that of a container's health check, so that the reason is printed.
const healthTimeout = 4 * time.Second

// healthyCommand asks the daemon in the same container whether it is healthy. It is hidden, and meant
// for health checks of containers that hold no other program.
func (a *app) healthyCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "healthy",
		Short:  "Ask the daemon of the state folder whether it is healthy",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			client, url := daemon.LocalClient(command.Context(), c, healthTimeout)
			request, err := http.NewRequestWithContext(command.Context(), http.MethodGet, url+"/-/healthy", nil)
			if err != nil {
				return fmt.Errorf("http.listen %s: %w", c.HTTP.Listen, err)
			}
			answer, err := client.Do(request)
			if err != nil {
				return fmt.Errorf("no collector answers: %w", err)
			}
			defer func() { _ = answer.Body.Close() }() // the body is not read
			if answer.StatusCode != http.StatusOK {
				return fmt.Errorf("%s answers HTTP %d", request.URL, answer.StatusCode)
			}
			return nil
		},
	}
}
