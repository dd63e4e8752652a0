package testkit

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// mailParts returns the decoded parts of a multipart/alternative mail.
func mailParts(m Mail) (all []string, err error) {
	kind, args, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return nil, fmt.Errorf("it is %q: %w", kind, err)
	}
	read, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return nil, err
	}
	for r := multipart.NewReader(read.Body, args["boundary"]); ; {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		var body io.Reader = part
		if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
			body = quotedprintable.NewReader(part)
		}
		b, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		all = append(all, string(b))
	}
}

// DecodedHeader returns a decoded header of the mail.
func (m Mail) DecodedHeader(header string) string {
	said, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get(header))
	if err != nil {
		return err.Error()
	}
	return said
}
