package main

import (
	"context"
	"errors"
	"strings"

	"alpemix-collector/internal/version"
	"alpemix-collector/report"
)

// resellers sends a request that changes nothing to the vendor of each reseller account.
func (k *checkRun) resellers(ctx context.Context) {
	version, _ := version.Build()
	for _, v := range k.config.Reseller.Vendors {
		for _, o := range v.Openers() {
			subject, found := v.Name+" account "+o.Login().Account, ""
			client, err := o.Open(version, nil)
			if err == nil {
				found, err = client.Check(ctx)
			}
			if err != nil && report.AsFailure(err).Reason == report.NotOffered {
				k.warn(subject, "not tried: this server does not offer a list of customers; the key is tried when a customer is created")
				continue
			}
			if err != nil { // the line starts with the subject
				err = errors.New(strings.Replace(err.Error(), subject+", ", "", 1))
			}
			k.line(subject, found, err)
		}
	}
}
