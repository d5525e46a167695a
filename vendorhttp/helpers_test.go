package vendorhttp_test

import "alpemix-collector/vendorhttp"

var vendor = vendorhttp.Vendor{
	Name: "acme", EndpointKey: "acme.endpoint", TLSKey: "acme.tls", LoginKeys: "api_key", Denied: "is acme.api_key right?",
}
