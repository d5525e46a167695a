package limacity

import (
	"database/sql"
	"strconv"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// Allotments are what customer id has after n was made. No call reads them back: they are known from the moment they are set
// through us.
func (n NewCustomer) Allotments(account string, id int64) []report.Allotment {
	raw, _ := vendorhttp.JSON(n.request()) // texts and numbers
	allot := func(resource string, value int, unit string) report.Allotment {
		return report.Allotment{
			Vendor: vendor.Name, Account: account, Customer: strconv.FormatInt(id, 10), Resource: resource,
			Allotted: sql.Null[float64]{V: float64(value), Valid: true}, Unit: unit, Raw: string(raw),
		}
	}
	return []report.Allotment{
		allot("disk_gb", n.DiskSpaceGB, "GB"), allot("mysql_gb", n.MySQLSpaceGB, "GB"), allot("mail", n.MailLimit, ""),
	}
}
