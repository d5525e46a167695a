package migrations_test

import "testing"

const (
	history = `SELECT account, customer, resource, ifNull(toString(allotted), '?'), toString(valid_from), ifNull(toString(valid_to), 'now')
		FROM DB.allotment_history ORDER BY account, customer, resource, valid_from`
	newest = `SELECT account, customer, resource, ifNull(toString(allotted), '?'), toString(at) FROM DB.allotments ORDER BY account, customer, resource`
)

func TestAllotmentViews(t *testing.T) {
	play(t, "allotment", []scene{
		{
			name: "a change closes one period and opens the next",
			inserts: []string{
				periods + `(1, 'remotepc', 'eu', 'a@example.com', 'computers', 5, 3, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', NULL)`,
				periods + `(2, 'remotepc', 'eu', 'a@example.com', 'computers', 5, 3, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', '2025-02-01 09:00:00'),
					(2, 'remotepc', 'eu', 'a@example.com', 'computers', 8, NULL, '', '2025-02-01 09:00:00', '2025-02-01 09:00:00', NULL)`,
				// A batch that is written again, and an older state that arrives late, change
				// nothing.
				periods + `(1, 'remotepc', 'eu', 'a@example.com', 'computers', 5, 3, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', NULL)`,
				marks + `(2, 'remotepc', 'eu', '2025-02-01 09:00:00', '2025-01-10 08:00:00')`,
				marks + `(3, 'remotepc', 'eu', '2025-02-01 10:00:00', '2025-01-10 08:00:00')`,
			},
			asks: []ask{
				{history, []string{
					"eu | a@example.com | computers | 5 | 2025-01-10 08:00:00 | 2025-02-01 09:00:00",
					"eu | a@example.com | computers | 8 | 2025-02-01 09:00:00 | now"}},
				{newest, []string{"eu | a@example.com | computers | 8 | 2025-02-01 10:00:00"}},
				{`SELECT count() FROM DB.allotments WHERE utilized IS NULL AND active IS NULL AND created_on IS NULL`, []string{"1"}},
			},
		},
		{
			name: "a customer that disappeared is in the history alone",
			inserts: []string{
				periods + `(2, 'remotepc', 'eu', 'gone', 'computers', 5, 3, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', '2025-02-01 09:00:00'),
					(1, 'remotepc', 'eu', 'here', 'computers', 1, 1, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', NULL)`,
				periods + `(1, 'remotepc', 'eu', 'gone', 'computers', 5, 3, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', NULL)`, // late
				marks + `(2, 'remotepc', 'eu', '2025-02-01 09:00:00', '2025-01-10 08:00:00')`,
			},
			asks: []ask{
				{history, []string{
					"eu | gone | computers | 5 | 2025-01-10 08:00:00 | 2025-02-01 09:00:00",
					"eu | here | computers | 1 | 2025-01-10 08:00:00 | now"}},
				{newest, []string{"eu | here | computers | 1 | 2025-02-01 09:00:00"}},
			},
		},
		{
			name: "what was set through us is as new as it is, with a snapshot or without",
			inserts: []string{
				periods + `(1, 'limacity', 'de', 'read since', 'disk_gb', 5, NULL, 'GB', '2025-01-10 08:00:00', '2025-01-10 08:00:00', NULL),
					(3, 'limacity', 'de', 'set since', 'disk_gb', 9, NULL, 'GB', '2025-03-10 08:00:00', '2025-03-10 08:00:00', NULL),
					(1, 'serwersms', 'pl', 'never read', 'sms_full', 100, NULL, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', NULL)`,
				marks + `(2, 'limacity', 'de', '2025-02-01 09:00:00', NULL)`,
			},
			asks: []ask{{newest, []string{
				"de | read since | disk_gb | 5 | 2025-02-01 09:00:00",
				"de | set since | disk_gb | 9 | 2025-03-10 08:00:00",
				"pl | never read | sms_full | 100 | 2025-01-10 08:00:00"}}},
		},
		{
			name: "a state that lasted for no second is not shown",
			inserts: []string{
				periods + `(3, 'serwersms', 'pl', 'a', 'sms_eco', 1, NULL, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', '2025-01-10 08:00:00')`,
			},
			asks: []ask{{history, []string{}}, {newest, []string{}}},
		},
		{
			// The new state file has a complete snapshot and does not know what the lost one left
			// open.
			name: "the state file was lost",
			inserts: []string{
				periods + `(1, 'remotepc', 'eu', 'changed', 'computers', 5, 3, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', NULL),
					(1, 'remotepc', 'eu', 'gone', 'computers', 6, 3, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', NULL),
					(9, 'remotepc', 'eu', 'changed', 'computers', 7, 3, '', '2025-03-01 08:00:00', '2025-03-01 08:00:00', NULL),
					(1, 'remotepc', 'us', 'changed', 'computers', 8, 3, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', NULL),
					(1, 'serwersms', 'pl', 'set before', 'sms_full', 100, NULL, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', NULL),
					(1, 'serwersms', 'pl', 'set again', 'sms_full', 200, NULL, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', NULL),
					(9, 'serwersms', 'pl', 'set again', 'sms_full', 300, NULL, '', '2025-03-01 08:00:00', '2025-03-01 08:00:00', NULL)`,
				marks + `(9, 'remotepc', 'eu', '2025-03-01 08:00:00', '2025-03-01 08:00:00'), (9, 'serwersms', 'pl', '2025-03-01 08:00:00', NULL)`,
			},
			asks: []ask{
				{history, []string{
					"eu | changed | computers | 5 | 2025-01-10 08:00:00 | 2025-03-01 08:00:00",
					"eu | changed | computers | 7 | 2025-03-01 08:00:00 | now",
					"eu | gone | computers | 6 | 2025-01-10 08:00:00 | 2025-03-01 08:00:00",
					"pl | set again | sms_full | 200 | 2025-01-10 08:00:00 | 2025-03-01 08:00:00",
					"pl | set again | sms_full | 300 | 2025-03-01 08:00:00 | now",
					"pl | set before | sms_full | 100 | 2025-01-10 08:00:00 | now",
					"us | changed | computers | 8 | 2025-01-10 08:00:00 | now"}},
				{newest, []string{
					"eu | changed | computers | 7 | 2025-03-01 08:00:00",
					"pl | set again | sms_full | 300 | 2025-03-01 08:00:00",
					"pl | set before | sms_full | 100 | 2025-03-01 08:00:00",
					"us | changed | computers | 8 | 2025-01-10 08:00:00"}},
			},
		},
		{
			// It knows that 5 is open, closes it when it reads 9, and has never seen 7.
			name: "an old copy of the state file was put back",
			inserts: []string{
				periods + `(2, 'remotepc', 'eu', 'a', 'computers', 5, 3, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', '2025-02-01 08:00:00'),
					(2, 'remotepc', 'eu', 'a', 'computers', 7, 3, '', '2025-02-01 08:00:00', '2025-02-01 08:00:00', NULL),
					(3, 'remotepc', 'eu', 'a', 'computers', 5, 3, '', '2025-01-10 08:00:00', '2025-01-10 08:00:00', '2025-03-01 08:00:00'),
					(3, 'remotepc', 'eu', 'a', 'computers', 9, 3, '', '2025-03-01 08:00:00', '2025-03-01 08:00:00', NULL)`,
				marks + `(3, 'remotepc', 'eu', '2025-03-01 08:00:00', '2025-01-10 08:00:00')`,
			},
			asks: []ask{{history, []string{
				"eu | a | computers | 5 | 2025-01-10 08:00:00 | 2025-02-01 08:00:00",
				"eu | a | computers | 7 | 2025-02-01 08:00:00 | 2025-03-01 08:00:00",
				"eu | a | computers | 9 | 2025-03-01 08:00:00 | now"}}},
		},
		{
			name: "a line that was removed and came back",
			inserts: []string{
				lines + `(1, 0, 'Acme', 'alpemix', '', 'support_number', '77'), (1, 0, 'Bolt', 'remotepc', 'eu', 'customer', 'b'), (1, 0, 'Coil', 'ccportal', '', 'customer', '10953')`,
				lines + `(2, 1, 'Acme', 'alpemix', '', 'support_number', '77'), (2, 1, 'Bolt', 'remotepc', 'eu', 'customer', 'b')`,
				lines + `(3, 0, 'Bolt', 'remotepc', 'eu', 'customer', 'b')`,
			},
			asks: []ask{{`SELECT * FROM DB.customers ORDER BY customer`, []string{"Bolt | remotepc | eu | customer | b", "Coil | ccportal |  | customer | 10953"}}},
		},
		{
			name: "two calls within one second are two lines, one that is written twice is one",
			inserts: []string{
				`INSERT INTO DB.provisioning_rows VALUES ('2025-01-10 08:00:00.000001', 'serwersms', 'pl', 'subaccounts/limit', '77', 'ok', 'sms_full 5'),
					('2025-01-10 08:00:00.000002', 'serwersms', 'pl', 'subaccounts/limit', '77', 'http_5xx', 'sms_full 6')`,
				`INSERT INTO DB.provisioning_rows VALUES ('2025-01-10 08:00:00.000001', 'serwersms', 'pl', 'subaccounts/limit', '77', 'ok', 'sms_full 5')`,
			},
			asks: []ask{{`SELECT toString(at), action, subject, outcome, detail FROM DB.provisioning_log ORDER BY detail`, []string{
				"2025-01-10 08:00:00 | subaccounts/limit | 77 | ok | sms_full 5", "2025-01-10 08:00:00 | subaccounts/limit | 77 | http_5xx | sms_full 6"}}},
		},
	})
}
