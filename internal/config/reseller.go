package config

import (
	"reflect"

	"go.yaml.in/yaml/v3"

	"alpemix-collector/internal/secret"
	"alpemix-collector/reseller"
	"alpemix-collector/reseller/vendors"
	"alpemix-collector/vendorhttp"
)

// Reseller is the vendors whose customers and allotments are recorded.
type Reseller struct {
	Thresholds []int   `yaml:"thresholds" default:"80, 100" check:"percents" doc:"Percent of an allotment at which its use is reported in the log, in the metrics and to the webhook, once for each customer, resource and month. An empty list reports nothing."`
	Webhook    Webhook `yaml:"webhook"`
	Vendors    Vendors // each a key of its own
}

// Vendors are all reseller vendors with their sections.
type Vendors []Vendor

// Vendor is a reseller vendor with its section.
type Vendor struct {
	*reseller.Vendor
	reseller.Section
}

func newVendors() (all Vendors) {
	for _, v := range vendors.All {
		all = append(all, Vendor{v, v.Config()})
	}
	return all
}

// copied has sections of its own.
func (v Vendors) copied() (all Vendors) {
	for _, vendor := range v {
		section := reflect.New(reflect.TypeOf(vendor.Section).Elem())
		section.Elem().Set(reflect.ValueOf(vendor.Section).Elem())
		all = append(all, Vendor{vendor.Vendor, section.Interface().(reseller.Section)})
	}
	return all
}

// Accounts is how many accounts there are of all vendors.
func (r *Reseller) Accounts() (n int) {
	for _, v := range r.Vendors {
		n += len(v.Openers())
	}
	return n
}

// Of are the accounts of a vendor.
func (r *Reseller) Of(vendor string) []reseller.Opener {
	for _, v := range r.Vendors {
		if v.Name == vendor {
			return v.Openers()
		}
	}
	return nil
}

// MarshalYAML implements yaml.Marshaler.
func (r Reseller) MarshalYAML() (any, error) {
	section := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range fields(reflect.ValueOf(r)) {
		var value yaml.Node
		if err := value.Encode(f.value.Interface()); err != nil {
			return nil, err
		}
		section.Content = append(section.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: f.key}, &value)
	}
	return section, nil
}

// Webhook is where events go; docs/webhook.md describes them.
type Webhook struct {
	URL     secret.Value   `yaml:"url,omitempty" check:"address" doc:"Web address that gets an event when a threshold is reached, see [webhook.md](webhook.md). It may hold a login. Empty for none."`
	URLFile string         `yaml:"url_file" path:"" doc:"File that holds the address."`
	Timeout Duration       `yaml:"timeout" default:"10s" check:"second" doc:"How long one attempt may take."`
	TLS     vendorhttp.TLS `yaml:"tls"`
}
