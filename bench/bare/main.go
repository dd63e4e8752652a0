// Command bare is the floor for the service: Echo alone. It answers /healthz. `bare FILE ETAG` answers every other path
// with the content of FILE, which is compressed with gzip, and the ETag.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/labstack/echo/v4"
)

func main() {
	e := echo.New()
	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok") })
	if len(os.Args) == 3 {
		page, err := os.ReadFile(os.Args[1])
		fatal(err)
		e.GET("/*", one(page, os.Args[2]))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fatal(err)
	fmt.Printf("listening on http://%s\n", listener.Addr())
	fatal(http.Serve(listener, e))
}

func one(page []byte, tag string) echo.HandlerFunc {
	length := strconv.Itoa(len(page))
	return func(c echo.Context) error {
		if c.Request().Header.Get("If-None-Match") == tag {
			return c.NoContent(http.StatusNotModified)
		}
		h := c.Response().Header()
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", length) // otherwise the response is chunked
		return c.Blob(http.StatusOK, "application/json", page)
	}
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}
