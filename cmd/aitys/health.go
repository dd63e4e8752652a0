package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aitys/aitys/cmd/aitys/flags"
)

// healthCmd is the health check of the container image. It opens no database, so that it is fast.
type healthCmd struct {
	Listen string `help:"Address of the server, as given to serve (default ${default})." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
}

const healthTimeout = 3 * time.Second

// Run prints "ready" if the server at --listen answers /readyz with 200. Otherwise it returns an error, within
// healthTimeout.
func (c healthCmd) Run(a *env) error {
	if path, ok := flags.SocketPath(c.Listen); ok {
		if err := flags.CheckSocket(path); err != nil {
			return err
		}
	} else if err := flags.CheckListen("listen", c.Listen); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(a.ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/readyz", nil)
	if err != nil {
		return err
	}
	res, err := clientOf(c.Listen).Do(req)
	switch bad, dialled := errors.AsType[*net.OpError](err); {
	case ctx.Err() != nil:
		return fmt.Errorf("no answer from %s within %v", c.Listen, healthTimeout)
	case dialled:
		return fmt.Errorf("no answer from %s: %w", c.Listen, bad.Err)
	case err != nil:
		return fmt.Errorf("no answer from %s: %w", c.Listen, err)
	}
	defer func() { _ = res.Body.Close() }() // only read
	if res.StatusCode != http.StatusOK {
		answer := struct{ Detail string }{res.Status}
		_ = json.NewDecoder(res.Body).Decode(&answer) // another program than aitys answers without a detail
		return fmt.Errorf("%s is not ready: %s", c.Listen, errorText(answer.Detail))
	}
	return a.printLine("ready")
}
