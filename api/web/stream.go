package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// Streamed is an answer of any length, which begins with its first Write: until then it can be refused. Who takes
// nothing of it for as long as a write may take is given up. It outlasts the time of a request.
type Streamed struct {
	to          *echo.Response
	control     *http.ResponseController
	contentType string
	file        string // what it is saved as, or ""
}

// Stream makes an answer that is written piece by piece.
func Stream(c echo.Context, contentType, file string) *Streamed {
	return &Streamed{c.Response(), http.NewResponseController(c.Response()), contentType, file}
}

func (s *Streamed) Write(piece []byte) (int, error) {
	if !s.to.Committed {
		h := s.to.Header()
		h.Set(echo.HeaderContentType, s.contentType)
		if s.file != "" {
			h.Set(echo.HeaderContentDisposition, `attachment; filename="`+s.file+`"`)
		}
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil { // of the connection: no clock of ours
		return 0, err
	}
	return s.to.Write(piece)
}

// Cut ends an answer that failed: nobody takes what has begun for the whole.
func (s *Streamed) Cut(err error) error {
	if err != nil && s.to.Committed {
		panic(http.ErrAbortHandler)
	}
	return err
}
