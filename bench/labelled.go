package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/aitys/aitys/classifier"
)

// A labelled is a comment with its true label, for measuring the classifier. The files are not part of the project;
// `make test` does not read them. classifier.ParseLabel parses Label.
type labelled struct{ ID, Author, Text, Label string }

// readLabelled returns the comments of a JSON Lines file in order, without those whose text is empty.
func readLabelled(path string) ([]labelled, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	defer func() { _ = f.Close() }() // opened for reading
	var all []labelled
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var c labelled
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		if strings.TrimSpace(c.Text) != "" {
			all = append(all, c)
		}
	}
	return all, s.Err()
}

// readLessons returns the comments of a file as lessons, numbered from 1.
func readLessons(path string) ([]classifier.Lesson, error) {
	comments, err := readLabelled(path)
	if err != nil {
		return nil, err
	}
	lessons := make([]classifier.Lesson, len(comments))
	for i, c := range comments {
		label, err := classifier.ParseLabel(c.Label)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		lessons[i] = classifier.Lesson{Seq: uint64(i + 1), Label: label,
			Comment: classifier.Comment{Text: c.Text, Author: c.Author}}
	}
	return lessons, nil
}
