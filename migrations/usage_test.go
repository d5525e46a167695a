package migrations_test

import "testing"

// joined shows two months of 2025; current allotments have rows up to the present month.
const joined = `SELECT customer, toString(month), connections, seconds, resource, ifNull(toString(allotted), '?'), ifNull(toString(utilized), '?'), ifNull(toString(ratio), '?')
	FROM DB.usage_vs_allotment WHERE month IN ('2025-03-01', '2025-04-01') ORDER BY customer, month, resource`

func TestUsageVersusAllotment(t *testing.T) {
	play(t, "joined", []scene{
		{name: "nothing", asks: []ask{{`SELECT * FROM DB.usage_vs_allotment`, []string{}}}},
		{
			name: "March's usage against March's allotment",
			inserts: []string{
				lines + `(1, 0, 'Acme', 'alpemix', '', 'support_number', '77'), (1, 0, 'Acme', 'remotepc', '', 'customer', 'acme@example.com')`,
				usage + `(1, 'u1', 'main', '2025-03-10 08:00:00', '2025-03-10', 600, '', '', '77', '', ''),
					(1, 'u2', 'main', '2025-03-11 08:00:00', '2025-03-11', 300, '', '', '77', '', ''),
					(1, 'u3', 'main', '2025-04-11 08:00:00', '2025-04-11', 60, '', '', '77', '', '')`,
				// Content that was read again counts once, as it was last read.
				usage + `(2, 'u1', 'main', '2025-03-10 08:00:00', '2025-03-10', 700, '', '', '77', '', '')`,
				periods + `(1, 'remotepc', 'eu', 'acme@example.com', 'computers', 1, 1, '', '2025-01-01 00:00:00', '2025-01-01 00:00:00', '2025-03-05 00:00:00'),
					(1, 'remotepc', 'eu', 'acme@example.com', 'computers', 4, 3, '', '2025-03-05 00:00:00', '2025-03-05 00:00:00', '2025-04-01 00:00:00'),
					(1, 'remotepc', 'eu', 'acme@example.com', 'computers', 2, 3, '', '2025-04-01 00:00:00', '2025-04-01 00:00:00', '2025-04-10 00:00:00'),
					(1, 'remotepc', 'eu', 'acme@example.com', 'computers', 0, 3, '', '2025-04-10 00:00:00', '2025-04-10 00:00:00', NULL)`,
			},
			asks: []ask{
				{joined, []string{"Acme | 2025-03-01 | 2 | 1000 | computers | 4 | 3 | 0.75", "Acme | 2025-04-01 | 1 | 60 | computers | 0 | 3 | ?"}},
				{`SELECT toString(min(month)), toString(max(month)) = toString(toStartOfMonth(now('UTC'))), count() = dateDiff('month', min(month), max(month)) + 1
					FROM DB.usage_vs_allotment`, []string{"2025-01-01 | 1 | 1"}},
			},
		},
		{
			name: "blanks around a value do not count in the data",
			inserts: []string{
				lines + `(1, 0, 'Acme', 'alpemix', '', 'support_number', '77'), (1, 0, 'Voila', 'alpemix', 'main', 'target_name', 'voil` + "\u00e0" + ` ` + "\u0131" + `'), (1, 0, 'Acme', 'remotepc', '', 'customer', 'a b'),
					(1, 0, 'Edge', 'alpemix', '', 'staff_name', '` + "\u00e0" + `')`,
				usage + `(1, 'u1', 'main', '2025-03-10 08:00:00', '2025-03-10', 1, '', '', ' 77', '', ''), (1, 'u2', 'main', '2025-03-10 08:00:00', '2025-03-10', 2, '', '', '77` + "\u00a0" + `', '', ''),
					(1, 'u3', 'main', '2025-03-10 08:00:00', '2025-03-10', 4, '', '', '` + "\t" + `` + "\u2007" + `` + "\u202f" + `77` + "\r\n" + `` + "\u3000" + `', '', ''), (1, 'u4', 'main', '2025-03-10 08:00:00', '2025-03-10', 8, '', '', '7 7', '', ''),
					(1, 'u5', 'main', '2025-03-10 08:00:00', '2025-03-10', 16, '', '', '` + "\u00a0" + `', '` + "\u0085" + `voil` + "\u00e0" + ` ` + "\u0131" + `` + "\u2028" + `', ''), (1, 'u6', 'main', '2025-03-10 08:00:00', '2025-03-10', 32, '', '', '', '', '` + "\u00e0" + ` '),
					(1, 'u7', 'main', '2025-03-10 08:00:00', '2025-03-10', 64, '', '', '` + "\u200b" + `77', '', '')`,
				periods + `(1, 'remotepc', 'eu', ' a b` + "\u00a0" + `', 'computers', 4, 2, '', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00')`,
			},
			asks: []ask{{joined, []string{
				"(unmapped) | 2025-03-01 | 2 | 72 |  | ? | ? | ?", "Acme | 2025-03-01 | 3 | 7 | computers | 4 | 2 | 0.5", "Edge | 2025-03-01 | 1 | 32 |  | ? | ? | ?", "Voila | 2025-03-01 | 1 | 16 |  | ? | ? | ?",
			}}},
		},
		{
			name: "a customer that disappeared has an allotment for the last time in that month",
			inserts: []string{
				lines + `(1, 0, 'Acme', 'alpemix', '', 'support_number', '77'), (1, 0, 'Acme', 'remotepc', '', 'customer', 'a')`,
				usage + `(1, 'u1', 'main', '2025-03-30 08:00:00', '2025-03-30', 600, '', '', '77', '', ''), (1, 'u2', 'main', '2025-04-02 08:00:00', '2025-04-02', 60, '', '', '77', '', '')`,
				periods + `(1, 'remotepc', 'eu', 'a', 'computers', 4, 2, '', '2025-02-01 00:00:00', '2025-02-01 00:00:00', '2025-03-15 00:00:00')`,
			},
			asks: []ask{{joined, []string{"Acme | 2025-03-01 | 1 | 600 | computers | 4 | 2 | 0.5", "Acme | 2025-04-01 | 1 | 60 |  | ? | ? | ?"}}},
		},
		{
			name: "whatever no line fits is a line of its own",
			inserts: []string{
				lines + `(1, 0, 'Acme', 'alpemix', '', 'support_number', '77'), (1, 0, 'Acme', 'remotepc', '', 'customer', 'a'), (2, 1, 'Gone', 'alpemix', '', 'support_number', '88'),
					(1, 0, 'Empty', 'alpemix', '', 'target_device', '')`,
				usage + `(1, 'u1', 'main', '2025-03-10 08:00:00', '2025-03-10', 1, '', '', '88', '', ''), (1, 'u2', 'main', '2025-03-10 08:00:00', '2025-03-10', 2, '', '', '', '', ''),
					(1, 'u3', 'main', '2025-03-10 08:00:00', '2025-03-10', 4, '', '77', '', '', '')`,
				periods + `(1, 'remotepc', 'eu', 'b', 'computers', 4, 2, '', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00'),
					(1, 'remotepc', 'eu', 'c', 'computers', 1, 1, '', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00'),
					(1, 'ccportal', 'cc', 'a', 'mail', 10, 1, '', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00')`,
			},
			asks: []ask{{joined, []string{"(unmapped) | 2025-03-01 | 3 | 7 | computers | 5 | 3 | 0.6", "(unmapped) | 2025-03-01 | 3 | 7 | mail | 10 | 1 | 0.1"}}},
		},
		{
			name: "two accounts are summed, and an allotment without usage is there",
			inserts: []string{
				lines + `(1, 0, 'Acme', 'remotepc', 'eu', 'customer', 'a'), (1, 0, 'Acme', 'remotepc', '', 'customer', 'b'), (1, 0, 'Acme', 'ccportal', '', 'customer', '10953')`,
				periods + `(1, 'remotepc', 'eu', 'a', 'computers', 4, 2, '', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00'),
					(1, 'remotepc', 'us', 'a', 'computers', 100, 100, '', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00'),
					(1, 'remotepc', 'us', 'b', 'computers', 6, 6, '', '2025-03-31 23:59:59', '2025-03-31 23:59:59', '2025-04-01 00:00:00'),
					(1, 'ccportal', 'cc', '10953', 'mail', 3, 1, '', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00')`,
			},
			asks: []ask{{joined, []string{
				"(unmapped) | 2025-03-01 | 0 | 0 | computers | 100 | 100 | 1",
				"Acme | 2025-03-01 | 0 | 0 | computers | 10 | 8 | 0.8", "Acme | 2025-03-01 | 0 | 0 | mail | 3 | 1 | 0.3333333333333333"}}},
		},
		{
			name: "a sum with a part that is unknown, or in another unit, is unknown",
			inserts: []string{
				lines + `(1, 0, 'Acme', 'ccportal', '', 'customer', 'a'), (1, 0, 'Acme', 'ccportal', '', 'customer', 'b')`,
				periods + `(1, 'ccportal', 'cc', 'a', 'mail', 3, 1, '', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00'),
					(1, 'ccportal', 'cc', 'b', 'mail', NULL, 1, '', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00'),
					(1, 'ccportal', 'cc', 'a', 'fax', 3, 1, '', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00'),
					(1, 'ccportal', 'cc', 'b', 'fax', 3, NULL, '', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00'),
					(1, 'ccportal', 'cc', 'a', 'web', 100, 7, 'MB', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00'),
					(1, 'ccportal', 'cc', 'b', 'web', 1, 7, 'GB', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00'),
					(1, 'serwersms', 'pl', 'unmapped', '', NULL, NULL, '', '2025-03-01 00:00:00', '2025-03-01 00:00:00', '2025-04-01 00:00:00')`,
			},
			asks: []ask{{joined, []string{
				"Acme | 2025-03-01 | 0 | 0 | fax | 6 | ? | ?", "Acme | 2025-03-01 | 0 | 0 | mail | ? | 2 | ?", "Acme | 2025-03-01 | 0 | 0 | web | ? | ? | ?"}}},
		},
		{
			name: "the most specific field wins, then the account, then the alphabet",
			inserts: []string{
				lines + `(1, 0, 'by id', 'alpemix', '', 'target_alpemix_id', '1'), (1, 0, 'by device', 'alpemix', '', 'target_device', '2'),
					(1, 0, 'by number', 'alpemix', '', 'support_number', '3'), (1, 0, 'by number of main', 'alpemix', 'main', 'support_number', '3'),
					(1, 0, 'by name', 'alpemix', '', 'target_name', '4'), (1, 0, 'B', 'alpemix', '', 'staff_name', '5'), (1, 0, 'A', 'alpemix', '', 'staff_name', '5'),
					(1, 0, 'by id of main', 'alpemix', 'main', 'target_alpemix_id', '9'), (1, 0, 'by customer', 'remotepc', '', 'customer', '3')`,
				usage + `(1, 'u1', 'main', '2025-03-10 08:00:00', '2025-03-10', 1, '1', '2', '3', '4', '5'),
					(1, 'u2', 'main', '2025-03-10 08:00:00', '2025-03-10', 2, '', '2', '3', '4', '5'),
					(1, 'u3', 'main', '2025-03-10 08:00:00', '2025-03-10', 4, '7', '7', '3', '4', '5'),
					(1, 'u4', 'other', '2025-03-10 08:00:00', '2025-03-10', 8, '7', '7', '3', '4', '5'),
					(1, 'u5', 'main', '2025-03-10 08:00:00', '2025-03-10', 16, '7', '7', '7', '4', '5'),
					(1, 'u6', 'main', '2025-03-10 08:00:00', '2025-03-10', 32, '7', '7', '7', '7', '5'),
					(1, 'u7', 'other', '2025-03-10 08:00:00', '2025-03-10', 64, '9', '', '', '', ''),
					(1, 'u8', 'main', '2025-03-10 08:00:00', '2025-03-10', 128, '9', '2', '3', '4', '5')`,
			},
			asks: []ask{{`SELECT customer, connections, seconds FROM DB.usage_vs_allotment ORDER BY seconds`, []string{
				"by id | 1 | 1", "by device | 1 | 2", "by number of main | 1 | 4", "by number | 1 | 8", "by name | 1 | 16", "A | 1 | 32", "(unmapped) | 1 | 64",
				"by id of main | 1 | 128"}}},
		},
		{
			name: "the month is the local one",
			inserts: []string{
				usage + `(1, 'u1', 'istanbul', '2025-03-31 21:00:00', '2025-04-01', 1, '', '', '', '', ''), (1, 'u2', 'istanbul', '2025-03-31 20:59:59', '2025-03-31', 2, '', '', '', '', ''),
					(1, 'u3', 'honolulu', '2025-04-01 09:59:59', '2025-03-31', 4, '', '', '', '', ''), (1, 'u4', 'honolulu', '2025-04-01 10:00:00', '2025-04-01', 8, '', '', '', '', ''),
					(1, 'u5', 'kiritimati', '2025-02-28 10:00:00', '2025-03-01', 16, '', '', '', '', ''), (1, 'u6', 'honolulu', '2025-03-01 09:00:00', '2025-02-28', 32, '', '', '', '', ''),
					(1, 'u7', 'istanbul', '2024-12-31 22:00:00', '2025-01-01', 64, '', '', '', '', '')`,
			},
			asks: []ask{
				{joined, []string{"(unmapped) | 2025-03-01 | 3 | 22 |  | ? | ? | ?", "(unmapped) | 2025-04-01 | 2 | 9 |  | ? | ? | ?"}},
				{`SELECT toString(month), seconds FROM DB.usage_vs_allotment ORDER BY month`, []string{"2025-01-01 | 64", "2025-02-01 | 32", "2025-03-01 | 22", "2025-04-01 | 9"}},
			},
		},
	})
}
