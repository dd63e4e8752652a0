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

// downloadTime limits a download. It reads one snapshot, and the database cannot vacuum while a slow client holds it.
const downloadTime = 15 * time.Minute

// Download answers with a file that write writes. If write fails after the response has begun, Download aborts the
// connection: browsers then report that the download failed. The context of write outlives RequestTimeout.
func Download(c echo.Context, contentType, file string, write func(ctx context.Context, to io.Writer) error) error {
	ctx, end := context.WithTimeout(context.WithoutCancel(c.Request().Context()), downloadTime)
	defer end()
	NoStore(c)
	out := NewStream(c, contentType, file)
	return out.Finish(write(ctx, out))
}
