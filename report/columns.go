package report

// TextColumn is a text that Alpemix sends with a connection.
type TextColumn struct {
	Name string // column of the view connections
	Key  string // key of the record, see "Explanation of Keys" in alpemix.txt
}

// TextColumns lists the texts in the order of alpemix.txt. The parser's keys and the columns that
// sink writes follow from it and from Texts; TestTextColumns names what else a new one needs.
var TextColumns = [...]TextColumn{
	{"explanation", "exp"},
	{"support_number", "supnum"},
	{"staff_name", "uname"},
	{"staff_ip", "ip"},
	{"staff_local_ip", "lip"},
	{"staff_device", "unum"},
	{"staff_alpemix_id", "aid"},
	{"target_name", "tuname"},
	{"target_ip", "tip"},
	{"target_local_ip", "tlip"},
	{"target_device", "tunum"},
	{"target_alpemix_id", "taid"},
}

// Texts returns where c holds each of TextColumns.
func (c *Connection) Texts() [len(TextColumns)]*string {
	return [...]*string{
		&c.Explanation, &c.SupportNumber,
		&c.Staff.Name, &c.Staff.IP, &c.Staff.LocalIP, &c.Staff.Device, &c.Staff.AlpemixID,
		&c.Target.Name, &c.Target.IP, &c.Target.LocalIP, &c.Target.Device, &c.Target.AlpemixID,
	}
}
