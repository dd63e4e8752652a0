package web

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// A StreamWriter writes a response of any length. The response begins with the first Write; until then the handler can
// return an error. Each Write has its own timeout, so the response may take longer than the server's write timeout.
type StreamWriter struct {
	to          *echo.Response
	control     *http.ResponseController
	contentType string
	file        string // suggested file name, or ""
}

// NewStream returns a StreamWriter for the response.
func NewStream(c echo.Context, contentType, file string) *StreamWriter {
	return &StreamWriter{c.Response(), http.NewResponseController(c.Response()), contentType, file}
}

func (s *StreamWriter) Write(piece []byte) (int, error) {
	if !s.to.Committed {
		h := s.to.Header()
		h.Set(echo.HeaderContentType, s.contentType)
		if s.file != "" {
			h.Set(echo.HeaderContentDisposition, `attachment; filename="`+s.file+`"`)
		}
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil { // the real clock, not Kit.Clock
		return 0, err
	}
	return s.to.Write(piece)
}

// Finish aborts the connection if err is not nil and the response has begun, so that clients notice that it is
// incomplete. Otherwise it returns err.
func (s *StreamWriter) Finish(err error) error {
	if err != nil && s.to.Committed {
		panic(http.ErrAbortHandler)
	}
	return err
}

// downloadTime is the timeout of a download. While it runs, the database cannot vacuum the snapshot that it reads.
const downloadTime = 15 * time.Minute

// Download responds with a file that write writes. An error of write after the first byte aborts the connection, so that
// browsers report a failed download. The context of write ends after downloadTime instead of RequestTimeout.
func Download(c echo.Context, contentType, file string, write func(ctx context.Context, to io.Writer) error) error {
	ctx, end := context.WithTimeout(context.WithoutCancel(c.Request().Context()), downloadTime)
	defer end()
	NoStore(c)
	out := NewStream(c, contentType, file)
	return out.Finish(write(ctx, out))
}
