package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// talk sends lines to a new classifier and returns its answers.
func talk(t *testing.T, model string, lines ...string) []string {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), strings.NewReader(strings.Join(lines, "\n")), &out, model); err != nil {
		t.Fatal(err)
	}
	if out.Len() == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

const (
	teachSpam = `{"op":"train","text":"cheap casino pills http://win.example","author":"Bob","label":"spam"}`
	teachHam  = `{"op":"train","text":"thank you for the article","label":"ham"}`
	teachRude = `{"op":"train","text":"what a stupid fool","label":"toxic"}`
	ask       = `{"op":"classify","text":"casino for a fool","author":"Bob"}`
)

func TestStdio_AnswersLinesInOrder(t *testing.T) {
	got := talk(t, "", ask, teachSpam, "", teachHam, `{"op":`, `[1]`, `{"op":"dance"}`, `{"op":"train","label":"eggs"}`,
		`{"op":"untrain","text":"never taught","label":"ham"}`, teachRude,
		`{"op":"classify","unknown":1,"text":"casino pills"}`)
	want := []string{`{"spam":0.5,"raw":-0.75,"warm":false,`, `{"ok":true}`, `{"error":`, `{"ok":true}`, `{"error":`,
		`{"error":`, `{"error":`,
		`{"error":`, `{"error":`, `{"ok":true}`, `{"spam":0.`}
	if len(got) != len(want) {
		t.Fatalf("%d answers, want %d: %q", len(got), len(want), got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("answer %d is %s, want %s…", i+1, got[i], want[i])
		}
	}
	var last struct {
		Spam    float64
		Warm    bool
		Reasons struct {
			HateSpeech     float64 `json:"hate_speech"`
			Obscenity      float64
			PersonalAttack float64 `json:"personal_attack"`
		}
		Evidence []struct {
			Token  string
			Weight float64
		}
	}
	if err := json.Unmarshal([]byte(got[len(got)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if !last.Warm || last.Spam <= 0.5 || last.Reasons.HateSpeech != 0 || last.Reasons.PersonalAttack == 0 ||
		len(last.Evidence) == 0 {
		t.Errorf("judged %+v", last)
	}
}

func TestStdio_UntrainLeavesNoTrace(t *testing.T) {
	want := talk(t, "", teachSpam, teachHam, ask)
	got := talk(t, "", teachSpam, teachRude, teachHam, teachSpam,
		`{"op":"untrain","text":"what a stupid fool","label":"personal_attack"}`,
		strings.Replace(teachSpam, "train", "untrain", 1), ask)
	if got, want := got[len(got)-1], want[len(want)-1]; got != want {
		t.Errorf("after untrain %s, want %s", got, want)
	}
}

func TestStdio_SavesAndLoadsModel(t *testing.T) {
	file := filepath.Join(t.TempDir(), "model")
	want := talk(t, "", teachSpam, teachHam, teachRude, ask)
	if got := talk(t, file, teachSpam, teachHam); len(got) != 2 {
		t.Fatalf("%d answers, want 2", len(got))
	}
	got := talk(t, file, teachRude, ask)
	if got, want := got[len(got)-1], want[len(want)-1]; got != want {
		t.Errorf("with a loaded model %s, want %s", got, want)
	}
	got = talk(t, file, strings.Replace(teachHam, "train", "untrain", 1), ask)
	if !strings.Contains(got[1], `"warm":false`) {
		t.Errorf("the only ham of a loaded model was untrained, and it answers %s", got[1])
	}
	if left, err := filepath.Glob(file + "*"); err != nil || len(left) != 1 {
		t.Errorf("files left: %v, %v", left, err)
	}
}

func TestStdio_RefusesIncompleteModelFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "model")
	talk(t, file, teachSpam, teachHam)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty": "", "cut": string(whole[:len(whole)/2]), "followed by more": string(whole) + "{}",
		"a lesson changed":  strings.Replace(string(whole), "article", "artisan", 1),
		"another program's": `{"name":"widget","version":"1.0.0"}`, "null": "null",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(t.Context(), strings.NewReader(teachHam), &bytes.Buffer{}, file); err == nil {
			t.Errorf("%s: it was not refused", name)
		}
		if left, err := os.ReadFile(file); err != nil || string(left) != text {
			t.Errorf("%s: it was overwritten, or %v", name, err)
		}
	}
	var out bytes.Buffer
	err = run(t.Context(), strings.NewReader(teachHam), &out, filepath.Join(t.TempDir(), "none", "model"))
	if err == nil || out.Len() > 0 {
		t.Errorf("with a file that cannot be written it answered %q and returned %v", out.String(), err)
	}
}

func TestStdio_SavesOnSignalWithoutInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "model")
	ctx, stop := context.WithCancel(t.Context())
	in, write := io.Pipe()
	answers, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, in, out, file) }()
	for _, line := range []string{teachSpam, teachHam} {
		if _, err := io.WriteString(write, line+"\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(answers, make([]byte, len(`{"ok":true}`)+1)); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := write.Close(); err != nil { // ends the reader
		t.Fatal(err)
	}
	if got, want := talk(t, file, ask), talk(t, "", teachSpam, teachHam, ask)[2]; got[0] != want {
		t.Errorf("the saved model says %s, want %s", got[0], want)
	}
}

func TestStdio_RefusesLongLine(t *testing.T) {
	got := talk(t, "", `{"op":"classify","text":"`+strings.Repeat("a", 3*maxLine)+`"}`, teachHam)
	if len(got) != 2 || !strings.HasPrefix(got[0], `{"error":`) || got[1] != `{"ok":true}` {
		t.Errorf("answers %.100q", got)
	}
}

func FuzzStdio(f *testing.F) {
	for _, line := range []string{ask, teachSpam, teachHam, teachRude, `{"op":"same","a":"x","b":"y"}`, `{`, "\x00",
		`{"op":"classify","text":"\ud800\u0000"}`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		got := talk(t, "", teachSpam, teachHam, line, ask)
		if len(got) < 3 {
			t.Fatalf("%q: %d answers", line, len(got))
		}
		for _, a := range got {
			var answer struct{ Spam *float64 }
			if err := json.Unmarshal([]byte(a), &answer); err != nil {
				t.Errorf("%q: %s is not JSON: %v", line, a, err)
			}
			if answer.Spam != nil && (math.IsNaN(*answer.Spam) || *answer.Spam < 0 || *answer.Spam > 1) {
				t.Errorf("%q: %s", line, a)
			}
		}
	})
}
