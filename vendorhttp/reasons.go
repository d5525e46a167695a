package vendorhttp

// Reasons are the reasons of a failure that any vendor's request can end with, sorted: the transport's, those of an HTTP
// status and those of an answer that is in no known form. They are bounded and serve as metric labels.
func Reasons() []string {
	return []string{
		"bad_request", "body_cut", "body_too_large", "canceled", "connect_refused", "connect_timeout", "connect_unreachable",
		"connection", "connection_lost", "dns", "empty_answer", "html_answer", "http_401", "http_403", "http_429", "http_4xx",
		"http_5xx", "proxy", "proxy_auth", "redirect", "timeout", "tls_certificate", "tls_expired", "tls_handshake",
		"tls_hostname", "tls_not_tls", "tls_unknown_authority", "tls_version", "unexpected_answer",
	}
}
