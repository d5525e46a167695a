package vendorhttp

// Reasons returns, sorted, the reasons of a failure that any vendor's request can have: those of
// the transport, of an HTTP status, and of an answer in no known form. There are few, so they can
// be metric labels.
func Reasons() []string {
	return []string{
		"bad_request", "body_cut", "body_too_large", "canceled", "connect_refused", "connect_timeout", "connect_unreachable",
		"connection", "connection_lost", "dns", "empty_answer", "html_answer", "http_401", "http_403", "http_429", "http_4xx",
		"http_5xx", "proxy", "proxy_auth", "redirect", "timeout", "tls_certificate", "tls_expired", "tls_handshake",
		"tls_hostname", "tls_not_tls", "tls_unknown_authority", "tls_version", "unexpected_answer",
	}
}
