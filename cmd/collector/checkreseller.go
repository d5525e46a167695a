package main

import (
	"context"
	"errors"
	"strings"

	"alpemix-collector/internal/version"
	"alpemix-collector/report"
)

// resellers asks the vendor of each reseller account for something that changes nothing.
func (k *checking) resellers(ctx context.Context) {
	version, _ := version.Build()
	for _, v := range k.config.Reseller.Vendors {
		for _, o := range v.Openers() {
			subject, found := v.Name+" account "+o.Login().Account, ""
			client, err := o.Open(version, nil)
			if err == nil {
				found, err = client.Check(ctx)
			}
			if err != nil && report.AsFailure(err).Reason == report.NotOffered {
				k.warn(subject, "not tried: this server does not offer a list of customers; whether it accepts the key shows when a customer is created")
				continue
			}
			if err != nil { // the line begins with whose it is
				err = errors.New(strings.Replace(err.Error(), subject+", ", "", 1))
			}
			k.line(subject, found, err)
		}
	}
}
