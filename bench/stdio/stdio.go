package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/store/sqlite"
)

// maxLine is the longest line that run reads; a longer one is answered with an error.
const maxLine = 1 << 20

// run answers each line of in, in order, and flushes each answer. A line that is not valid is answered with
// {"error":…}. If modelFile is not "", run loads the model from it if it exists, and saves the model when in or ctx
// ends.
func run(ctx context.Context, in io.Reader, out io.Writer, modelFile string) error {
	s := &learner{model: classifier.Fold(func(func(classifier.Lesson) bool) {})}
	if modelFile != "" {
		if err := s.load(modelFile); err != nil {
			return fmt.Errorf("load %s: %w", modelFile, err)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- s.converse(in, out) }()
	select {
	case err := <-ended:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		// A read from a terminal or a pipe cannot be cancelled; it ends with the process.
		s.answering.Lock() // never unlocked: later answers would not be saved
	}
	if modelFile != "" {
		if err := s.save(modelFile); err != nil {
			return fmt.Errorf("save %s: %w", modelFile, err)
		}
	}
	return nil
}

func (s *learner) converse(in io.Reader, out io.Writer) error {
	r := bufio.NewReaderSize(in, maxLine)
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	reply := func(answer func() any) error {
		s.answering.Lock()
		defer s.answering.Unlock()
		return errors.Join(enc.Encode(answer()), w.Flush())
	}
	for {
		line, err := readLine(r)
		answer := func() any { return s.answer(line) }
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
			answer = func() any { return refusal{"the line is longer than 1 MiB"} }
		case err != nil:
			return fmt.Errorf("read: %w", err)
		}
		if err := reply(answer); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
}

// readLine returns the next line. It skips a line that is too long and returns ErrBufferFull.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return nil, bufio.ErrBufferFull
	}
	if errors.Is(err, io.EOF) && len(line) > 0 {
		return line, nil // the last line may have no newline
	}
	return line, err
}

type request struct {
	Op     string `json:"op"`
	Text   string `json:"text"`
	Author string `json:"author"`
	Email  string `json:"email"`
	URL    string `json:"url"`
	Label  string `json:"label"`
	A      string `json:"a"`
	B      string `json:"b"`
}

type refusal struct {
	Error string `json:"error"`
}

type done struct {
	OK bool `json:"ok"`
}

type same struct {
	Similarity float64 `json:"similarity"`
	Duplicate  bool    `json:"duplicate"`
}

type judgement struct {
	Spam     float64    `json:"spam"`
	Raw      float64    `json:"raw"` // uncalibrated score in nats, for ranking
	Warm     bool       `json:"warm"`
	Reasons  reasons    `json:"reasons"`
	Evidence []evidence `json:"evidence"`
}

type reasons struct {
	HateSpeech     float64 `json:"hate_speech"`
	Obscenity      float64 `json:"obscenity"`
	PersonalAttack float64 `json:"personal_attack"`
}

type evidence struct {
	Token  string  `json:"token"`
	Weight float64 `json:"weight"`
}

// A learner is a model with its lessons, in order, without those that were untrained.
type learner struct {
	answering sync.Mutex // held while a line is answered; it guards the rest

	model   *classifier.Model
	lessons []classifier.Lesson
	seq     uint64
	stale   bool // a lesson was removed: the model must be folded before its next use
}

func (s *learner) answer(line []byte) any {
	var q request
	if err := json.Unmarshal(line, &q); err != nil {
		return refusal{fmt.Sprintf("not a request: %v", err)}
	}
	c := classifier.Comment{Text: q.Text, Author: q.Author, Email: q.Email, URL: q.URL}
	switch q.Op {
	case "classify":
		return s.classify(c)
	case "train", "untrain":
		label, err := classifier.ParseLabel(q.Label)
		if err != nil {
			return refusal{err.Error()}
		}
		if q.Op == "train" {
			s.train(c, label)
			return done{true}
		}
		if !s.untrain(c, label) {
			return refusal{"no such lesson stands"}
		}
		return done{true}
	case "same":
		a := classifier.Read(classifier.Comment{Text: q.A}).Fingerprint()
		b := classifier.Read(classifier.Comment{Text: q.B}).Fingerprint()
		return same{Similarity: a.Similarity(b), Duplicate: a.Duplicate(b)}
	}
	return refusal{fmt.Sprintf("unknown op %q: use classify, train, untrain or same", q.Op)}
}

func (s *learner) classify(c classifier.Comment) judgement {
	s.refold()
	d := classifier.Read(c)
	j := s.model.Judge(d)
	out := judgement{
		Spam: j.Spam, Raw: j.Logit, Warm: j.Warm,
		Reasons:  reasons{j.Reasons[0], j.Reasons[1], j.Reasons[2]},
		Evidence: []evidence{},
	}
	for _, w := range s.model.Evidence(d) {
		out.Evidence = append(out.Evidence, evidence{w.Token, w.Weight})
	}
	return out
}

func (s *learner) train(c classifier.Comment, label classifier.Label) {
	s.seq++
	l := classifier.Lesson{Seq: s.seq, Label: label, Comment: c}
	s.lessons = append(s.lessons, l)
	if !s.stale {
		s.model.Extend(slices.Values([]classifier.Lesson{l})) // the lock is held, so no other call uses the model
	}
}

// untrain removes the newest lesson with this comment and label, and reports whether there was one. The model is folded
// at its next use, so that many removals cost one fold.
func (s *learner) untrain(c classifier.Comment, label classifier.Label) bool {
	for i, l := range slices.Backward(s.lessons) {
		if l.Label == label && l.Comment == c {
			s.lessons = slices.Delete(s.lessons, i, i+1)
			s.stale = true
			return true
		}
	}
	return false
}

func (s *learner) refold() {
	if s.stale {
		s.model, s.stale = classifier.Fold(slices.Values(s.lessons)), false
	}
}

// format is the header of a saved model. It prevents that another kind of file is overwritten by mistake.
const format = "aitys classifier stdio 1"

type savedFile struct {
	Format string
	Sum    []byte          // SHA-256 of Taught
	Taught json.RawMessage // teaching
	Model  []byte
}

type teaching struct {
	Seq     uint64
	Lessons []classifier.Lesson
}

// load reads a saved model with its lessons. If the model is damaged or of another version, it is folded from the
// lessons. load returns an error if the file could not be written later, before any lesson is lost.
func (s *learner) load(name string) error {
	probe, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return err
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	var saved savedFile
	read := json.NewDecoder(f)
	if err := read.Decode(&saved); err != nil || saved.Format != format || read.More() {
		return errors.New("it is not a complete saved model")
	}
	if sum := sha256.Sum256(saved.Taught); !bytes.Equal(sum[:], saved.Sum) {
		return errors.New("it is damaged: its checksum is wrong")
	}
	var taught teaching
	if err := json.Unmarshal(saved.Taught, &taught); err != nil {
		return fmt.Errorf("read its lessons: %w", err)
	}
	s.lessons, s.seq = taught.Lessons, taught.Seq
	if s.model, err = classifier.Restore(saved.Model); err != nil {
		s.stale = true
	}
	return nil
}

// save replaces the file at name with the model, atomically: a crash leaves the old model or the new one.
func (s *learner) save(name string) error {
	s.refold()
	taught, err := json.Marshal(teaching{s.seq, s.lessons})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(taught)
	saved, err := json.Marshal(savedFile{format, sum[:], taught, s.model.Bytes()})
	if err != nil {
		return err
	}
	return sqlite.WriteFile(name, append(saved, '\n'))
}
