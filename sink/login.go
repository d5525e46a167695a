package sink

import (
	"context"
	"fmt"
	"slices"

	"alpemix-collector/report"
)

// Renamed returns the accounts whose rows have another name than their login has now, and those whose
// rows are of another login.
func (w *Writer) Renamed(ctx context.Context, logins []report.Login) (moves []report.Move, changed []report.Login, err error) {
	known, err := w.logins(ctx)
	return report.Renames(known, logins), report.Changed(known, logins), err
}

// Follow moves all rows of renamed accounts to their new names, and records the logins of the rows.
// It returns the moves. After an error run it again, even with other names: a login has both names
// until its rows have moved.
func (w *Writer) Follow(ctx context.Context, logins []report.Login) ([]report.Move, error) {
	renamed, _, err := w.Renamed(ctx, logins)
	if err != nil {
		return nil, err
	}
	for _, m := range report.InOrder(renamed) {
		if err := w.move(ctx, m); err != nil {
			return nil, err
		}
		if m.Vendor != "alpemix" {
			continue
		}
		if err := w.WithdrawMoved(ctx, m.To); err != nil { // an import may have stored other starts under the new name
			return nil, err
		}
	}
	known, err := w.logins(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range logins {
		if slices.Contains(known, l) {
			continue
		}
		err := w.db.conn.Exec(ctx, fmt.Sprintf(`INSERT INTO %[1]s.login_rows (vendor, account, fingerprint, version)
			SELECT {vendor:String}, {account:String}, {fingerprint:String}, max(version) + 1 FROM %[1]s.login_rows
			WHERE vendor = {vendor:String} AND account = {account:String}`, w.db.target.Database),
			named("vendor", l.Vendor), named("account", l.Account), named("fingerprint", l.Fingerprint))
		if err != nil {
			return nil, fmt.Errorf("note the login of %s account %s at %s: %w", l.Vendor, l.Account, w.db.address, err)
		}
	}
	return renamed, nil
}

// logins returns the logins that rows are known to belong to.
func (w *Writer) logins(ctx context.Context) ([]report.Login, error) {
	var rows []struct {
		Vendor      string `ch:"vendor"`
		Account     string `ch:"account"`
		Fingerprint string `ch:"fingerprint"`
	}
	err := w.rows(ctx, &rows, "SELECT vendor, account, fingerprint FROM "+w.db.target.Database+".login_rows FINAL WHERE NOT moved")
	if err != nil {
		return nil, fmt.Errorf("read whose the rows are: %w", err)
	}
	logins := make([]report.Login, len(rows))
	for i, r := range rows {
		logins[i] = report.Login(r)
	}
	return logins, nil
}
