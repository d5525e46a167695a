package ccportal

import (
	"database/sql"
	"regexp"
	"strconv"
	"strings"
)

// amount is a decimal number with a point or a comma, and behind it the unit of a size.
var amount = regexp.MustCompile(`^([0-9]+)(?:[.,]([0-9]+))?(?: ?([KMGT])(?:I?B|BYTES?)?)?$`)

// endless are values that mean no limit.
var endless = []string{
	"unlimited", "unbegrenzt", "unlimitiert", "unbeschr\u00e4nkt", "flat", "flatrate", "infinite",
	"infinity", "\u221e", "-1",
}

// ParseValue reads the value of a pack: a number of pieces, or of KB, MB, GB or TB. 3 is 3 pieces; 100M,
// 100 MB and 100 mib are 100 of unit MB; 1.5G and 1,5 GB are 1.5 of unit GB.
//
// n is not valid for a value that means no limit, and for any other, which is odd then. That are also
// numbers such as 1.024 and 1,500: in one language it is a little more than one, in another above a
// thousand.
func ParseValue(text string) (n sql.Null[float64], unit string, odd bool) {
	plain := strings.ToUpper(strings.Join(strings.Fields(text), " ")) // also of no-break spaces
	if plain == "" || isEndless(plain) {
		return n, "", false
	}
	m := amount.FindStringSubmatch(plain)
	if m == nil || len(m[2]) == 3 && strings.Trim(m[1], "0") != "" {
		return n, "", true
	}
	value, err := strconv.ParseFloat(m[1]+"."+m[2], 64)
	if err != nil {
		return n, "", true // beyond what a float64 holds
	}
	if m[3] != "" {
		unit = m[3] + "B"
	}
	return sql.Null[float64]{V: value, Valid: true}, unit, false
}

func isEndless(text string) bool {
	for _, word := range endless {
		if strings.EqualFold(text, word) {
			return true
		}
	}
	return false
}
