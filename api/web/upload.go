package web

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation/problem"
)

const fileKey = "web.file"

// FileForm is middleware for routes that call ReadUpload. Their forms are not read before.
func FileForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(fileKey, true)
		return next(c)
	}
}

// IsFileForm reports whether the handler of the request calls ReadUpload.
func IsFileForm(c echo.Context) bool { return c.Get(fileKey) != nil }

const (
	uploadTime = 30 * time.Minute // of a whole upload
	partSize   = 128              // overhead per field in bytes
	maxDrain   = 256 << 20        // bytes of a refused file that are read, so that the browser shows the answer
)

// ReadUpload reads a form of the type multipart/form-data with a file. It passes the file to save as a stream; save limits
// its size. It is not called if no file was chosen. The other fields have at most MaxBody bytes together.
//
// An upload may take longer than the server's read timeout, as long as bytes arrive. Afterwards the request has a new
// RequestTimeout, until the caller calls end.
func ReadUpload(c echo.Context, save func(name string, in io.Reader) error) (form url.Values, end context.CancelFunc, err error) {
	r, control := c.Request(), http.NewResponseController(c.Response())
	body := &slowBody{in: r.Body, control: control, until: time.Now().Add(uploadTime)} // the real clock, not Kit.Clock
	r.Body = body
	form, err = readParts(r, save)
	if err != nil {
		_, _ = io.CopyN(io.Discard, body, maxDrain) // the first error counts
	}
	_ = control.SetWriteDeadline(time.Now().Add(writeTimeout)) // if it is unsupported, there is none
	ctx, end := context.WithTimeout(context.WithoutCancel(r.Context()), RequestTimeout)
	c.SetRequest(r.WithContext(ctx))
	return form, end, err
}

func readParts(r *http.Request, save func(name string, in io.Reader) error) (url.Values, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, problem.Media("Send the body as multipart/form-data.")
	}
	form, left, saved := url.Values{}, int64(MaxBody), false
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return form, nil
		}
		if err != nil {
			return nil, problem.NotForm(err)
		}
		if name := part.FileName(); name != "" && !saved {
			saved = true
			if err := save(name, formReader{part}); err != nil {
				return nil, err
			}
			continue
		}
		value, err := readField(part, left)
		if err != nil {
			return nil, err
		}
		if left -= int64(len(value)+len(part.FormName())) + partSize; left < 0 {
			return nil, problem.Oversized(MaxBody)
		}
		if part.FileName() == "" {
			form.Add(part.FormName(), value)
		}
	}
}

// readField returns the value of a field of at most most bytes.
func readField(part *multipart.Part, most int64) (string, error) {
	value, err := io.ReadAll(io.LimitReader(part, most+1))
	if err != nil {
		return "", problem.NotForm(err)
	}
	if int64(len(value)) > most {
		return "", problem.Oversized(MaxBody)
	}
	return string(value), nil
}

// A formReader returns read errors as problem.NotForm.
type formReader struct{ in io.Reader }

func (f formReader) Read(p []byte) (int, error) {
	n, err := f.in.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = problem.NotForm(err)
	}
	return n, err
}

// A slowBody moves the connection's read deadline with each read.
type slowBody struct {
	in      io.ReadCloser
	control *http.ResponseController
	until   time.Time
}

func (b *slowBody) Read(p []byte) (int, error) {
	now := time.Now()
	if now.After(b.until) {
		return 0, context.DeadlineExceeded
	}
	_ = b.control.SetReadDeadline(now.Add(readTimeout)) // if it is unsupported, the server's own applies
	return b.in.Read(p)
}

func (b *slowBody) Close() error { return b.in.Close() }
