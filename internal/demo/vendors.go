// Package demo plays the vendors of collector demo, and its past.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"alpemix-collector/simulator"
	world "alpemix-collector/simulator/reseller"
)

// The demonstration's account. Its credentials open nothing but the simulator of the same process.
const (
	account   = "demo"
	secretKey = "simulated"
	// hourly keeps the desk awake at night, so that whoever looks then sees rows arrive.
	hourly = 6
)

// Vendors are all five simulated vendors: the desk, and four resellers most of whose customers call it.
type Vendors struct {
	desk      *simulator.Vendor
	customers *world.World
	resellers map[string]*world.Vendor
	addresses map[string]string // by vendor
}

// NewVendors makes them; Serve lets them answer.
func NewVendors() *Vendors {
	desk := &simulator.World{Seed: 1, HourlyMinimum: hourly}
	d := &Vendors{
		desk:      simulator.New(simulator.Options{World: desk, Accounts: []simulator.Account{{Name: account, SecretKey: secretKey}}}),
		customers: &world.World{Seed: 1, Desk: desk, DeskAccount: account},
		resellers: map[string]*world.Vendor{},
		addresses: map[string]string{},
	}
	for _, l := range world.Labels() {
		d.resellers[l.Vendor] = newReseller(l, world.Options{World: d.customers, FirstID: int(time.Now().Unix())}) // no number twice in one state folder
	}
	return d
}

// newReseller plays a reseller vendor whose server lists its customers.
func newReseller(l world.Label, o world.Options) *world.Vendor {
	o.Accounts, o.Quirks.List = []world.Account{{Name: l.Account}}, true
	return world.New(l.Vendor, o)
}

// Serve lets all vendors answer, each on a free port of this machine, until ctx ends.
func (d *Vendors) Serve(ctx context.Context, g *errgroup.Group) error {
	listen := func(vendor string, api http.Handler, path string) error {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("the simulator: %w", err)
		}
		g.Go(func() error { return simulator.Serve(ctx, listener, api) })
		d.addresses[vendor] = "http://" + listener.Addr().String() + path
		return nil
	}
	if err := listen("alpemix", d.desk, "/api"); err != nil {
		return err
	}
	for _, l := range world.Labels() {
		v := d.resellers[l.Vendor]
		if err := listen(l.Vendor, v, v.Path(l.Account)); err != nil {
			return err
		}
	}
	return nil
}

// Announce prints where the vendors are, and the configuration with their keys.
func (d *Vendors) Announce(out io.Writer, file string) {
	_, _ = fmt.Fprintln(out, "This collects from simulated vendors; none of the data is real. Ctrl-C stops it.")
	_, _ = fmt.Fprintf(out, "alpemix   simulated at %s\n", d.addresses["alpemix"])
	for _, l := range world.Labels() {
		_, _ = fmt.Fprintf(out, "%-9s simulated at %s\n", l.Vendor, d.addresses[l.Vendor])
	}
	_, _ = fmt.Fprintf(out, "check     %s check -c %s\n", os.Args[0], file)
}

// customersOf is the demonstration's customers file.
func customersOf(dir string) string { return filepath.Join(dir, "customers.csv") }

// WriteCustomers writes the customers file, unless there is one: it may have been edited.
func (d *Vendors) WriteCustomers(dir string) error {
	file, err := os.OpenFile(customersOf(dir), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	if err := d.customers.WriteMappings(file); err != nil {
		_ = file.Close() // what could not be written is of no use
		return fmt.Errorf("--state: %w", err)
	}
	return file.Close()
}
