// Package labelled reads the labelled comments that the classifier is measured with. They are not
// part of the project, and nothing that `make test` runs reads them.
package labelled

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/aitys/aitys/classifier"
)

// A Comment is a line of such a file. Label is as classifier.ParseLabel reads it.
type Comment struct{ ID, Author, Text, Label string }

// Read returns the comments of a file of JSON lines in its order, but for those without text.
func Read(path string) ([]Comment, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	var all []Comment
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var c Comment
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		if strings.TrimSpace(c.Text) != "" {
			all = append(all, c)
		}
	}
	return all, s.Err()
}

// Lessons returns the comments of a file as lessons, numbered from 1.
func Lessons(path string) ([]classifier.Lesson, error) {
	comments, err := Read(path)
	if err != nil {
		return nil, err
	}
	lessons := make([]classifier.Lesson, len(comments))
	for i, c := range comments {
		label, err := classifier.ParseLabel(c.Label)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		lessons[i] = classifier.Lesson{Seq: uint64(i + 1), Label: label, Comment: classifier.Comment{Text: c.Text, Author: c.Author}}
	}
	return lessons, nil
}
