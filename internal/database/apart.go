package database

import (
	"context"
	"fmt"
)

// demoComment marks a demonstration's database on a server and no real collector's. The two start apart, as a database gets its
// comment when it is created.
const demoComment = "The data in this database are of collector demo: nothing of it is real."

// KeepApart returns an error where demo data and real data would share a database of a server.
func (c *DB) KeepApart(ctx context.Context) error {
	if c.Embedded {
		return nil
	}
	if c.demo {
		if err := c.Create(ctx, demoComment); err != nil {
			return err
		}
	}
	comment, err := c.Comment(ctx)
	switch {
	case err != nil:
		return err
	case c.demo && comment != demoComment:
		return fmt.Errorf("--dsn: database %s at %s is not of collector demo, which uses only one that it has created itself; name one that is not there yet", c.Database(), c.Name)
	case !c.demo && comment == demoComment:
		return fmt.Errorf("database %s at %s holds the data of collector demo; name another in clickhouse.dsn", c.Database(), c.Name)
	}
	return nil
}
