package alpemix

import "alpemix-collector/report"

// blockedNumber and limitNumber are the error numbers for too many requests.
const (
	blockedNumber = 204
	limitNumber   = 205
)

// numbers classifies the error numbers of alpemix.txt ("Explanations of Error Codes from the
// Server"). The texts add what to do.
var numbers = map[int]struct {
	class  report.Class
	reason string
	text   string
}{
	100: {report.Permanent, "step_missing", "the vendor says that stepnumber was not sent. It was, so the vendor did not read the body: HTTP method or content type are not what it wants (alpemix.request in the configuration), or a proxy dropped the body"},
	101: {report.Permanent, "step_wrong", "the vendor says that stepnumber is wrong: its API has changed"},
	102: {report.Permanent, "bad_credentials", "secret key or main username are wrong: compare them with https://www.alpemix.com/webapi/login.htm"},
	103: {report.Transient, "server_error", "an unexpected error on the vendor's side"},
	104: {report.Permanent, "unsafe_credentials", "secret key or main username are not in secure format: look for spaces, quotes or line ends in them"},
	105: {report.Transient, "token_not_created", "the vendor could not create a token"},
	106: {report.Permanent, "bad_request", "the vendor says that accesstoken or requestnumber are entered incorrectly: its API has changed"},
	107: {report.Permanent, "unknown_request", "the vendor does not know the requestnumber: its API has changed"},
	108: {report.Transient, "server_database", "the vendor cannot reach its database"},
	200: {report.Permanent, "bad_credentials", "the vendor knows no such main username and secret key: compare them with https://www.alpemix.com/webapi/login.htm"},
	201: {report.Renew, "token_ip_changed", "the token was got from another IP address"},
	202: {report.Renew, "token_expired", "the token has expired"},
	203: {report.Renew, "token_invalid", "the token is not valid"},

	blockedNumber: {report.Blocked, "token_limit_blocked", "too many token requests in a minute: the vendor has blocked our address. Does another program ask for tokens from it?"},
	limitNumber:   {report.Throttle, "report_limit", "the vendor counts more report requests in a minute than this collector sends. Another program asks for reports from the same address: stop it, or set alpemix.limits.reports to this collector's share"},
}
