// Package flags reads the values of flags from the environment and the configuration file, and validates the values of
// single flags. Package main declares the flags.
package flags

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Values are the flags that are set by the environment or by the file of --config. The command line overrides the
// environment, which overrides the file.
type Values struct {
	values map[string]string // by flag name
}

// Validate implements kong.Resolver. Read has checked the names already.
func (s *Values) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver. kong calls it for each flag that is not on the command line.
func (s *Values) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if v, ok := s.values[flag.Name]; ok {
		return v, nil
	}
	return nil, nil
}

// Read reads the environment and the file. An unknown name is an error: otherwise a typo would silently keep the
// default.
func (s *Values) Read(model *kong.Application, args, environ []string) error {
	s.values = map[string]string{}
	known := map[string]*kong.Flag{}
	_ = kong.Visit(model, func(n kong.Visitable, next kong.Next) error { // it returns the error of the function, which is nil
		if f, ok := n.(*kong.Flag); ok {
			known[f.Name] = f
		}
		return next(nil)
	})
	delete(known, "help")
	environment, file := map[string]string{}, configArg(args)
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		flag, ours := strings.CutPrefix(strings.ToUpper(name), "AITYS_")
		if !ours || setByKubernetes(flag, value) {
			continue
		}
		if name != strings.ToUpper(name) {
			return fmt.Errorf("%s: use upper case, %s", name, strings.ToUpper(name))
		}
		if flag = strings.ReplaceAll(strings.ToLower(flag), "_", "-"); known[flag] == nil {
			return fmt.Errorf("%s: unknown flag --%s; `aitys serve --help` lists the flags", name, flag)
		}
		if value != "" { // compose files unset a variable by leaving it empty
			environment[flag] = value
		}
	}
	if file == "" {
		file = environment["config"]
	}
	delete(known, "config")
	if file != "" {
		if err := s.readFile(file, known); err != nil {
			return fmt.Errorf("--config: %w", err)
		}
	}
	for flag, value := range environment {
		s.values[flag] = value
	}
	return nil
}

// CheckValues returns an error if a flag on the command line has an empty value. Otherwise an unset shell variable would
// silently select the default, for example give an account every site. If a flag is repeated, the last value counts, as
// wrapper scripts expect.
func CheckValues(c *kong.Context) error {
	times := map[*kong.Flag]int{}
	for _, p := range c.Path {
		if p.Flag != nil && !p.Resolved {
			times[p.Flag]++
		}
	}
	for flag, n := range times {
		switch value := c.FlagValue(flag).(type) {
		case string:
			if value == "" {
				return fmt.Errorf("--%s needs a value", flag.Name)
			}
		case []string:
			if len(value) < n || slices.Contains(value, "") {
				return fmt.Errorf("--%s needs a value", flag.Name)
			}
		}
	}
	return nil
}

// kubernetesName matches the ends of the names of variables that Kubernetes sets for a service.
var kubernetesName = regexp.MustCompile(`(^|_)(SERVICE_(HOST|PORT)(_.+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// setByKubernetes reports whether Kubernetes sets the variable AITYS_<name> to value for a service called "aitys" or
// "aitys-<something>". The value of AITYS_PORT and AITYS_<SOMETHING>_PORT is a URL.
func setByKubernetes(name, value string) bool {
	return kubernetesName.MatchString(name) || name == "PORT" ||
		strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://")
}

// configArg returns the value of --config in args, or "".
func configArg(args []string) string {
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--config="); ok {
			return v
		}
		if a == "--config" && i+1 < len(args) {
			return args[i+1]
		}
		if a == "--" {
			break
		}
	}
	return ""
}

// maxConfig is the maximum size of a configuration file in bytes.
const maxConfig = 64 << 10

func (s *Values) readFile(path string, known map[string]*kong.Flag) error {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s does not exist", path)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s cannot be read: permission denied. Run aitys as the user of the service, such as with sudo -u aitys", path)
	case err != nil:
		return fmt.Errorf("%s cannot be read", path)
	case len(text) > maxConfig || bytes.ContainsRune(text, 0):
		return fmt.Errorf("%s is not a settings file", path)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.readLine(line, known); err != nil {
			return fmt.Errorf("%s line %d: %w", path, n, err)
		}
	}
	return lines.Err()
}

// readLine parses "NAME=VALUE" or "name: value". NAME may start with AITYS_.
func (s *Values) readLine(line string, known map[string]*kong.Flag) error {
	end := strings.IndexAny(line, "=:")
	if end < 1 {
		return errors.New(`want NAME=VALUE or "name: value"`)
	}
	name, value := strings.TrimSpace(line[:end]), strings.TrimSpace(line[end+1:])
	if words := strings.Fields(name); len(words) > 1 { // such as name https://…
		return fmt.Errorf(`want a colon after the name: "%s: VALUE"`, words[0])
	}
	if n := len(value); n > 1 && value[0] == value[n-1] && (value[0] == '"' || value[0] == '\'') {
		value = value[1 : n-1]
	}
	flag := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	flag = strings.TrimPrefix(flag, "aitys-")
	if known[flag] == nil {
		return fmt.Errorf("unknown flag --%s; `aitys serve --help` lists the flags", flag)
	}
	if before, twice := s.values[flag]; twice {
		if !known[flag].IsSlice() {
			return fmt.Errorf("--%s is set twice", flag)
		}
		value = before + "," + value
	}
	s.values[flag] = value
	return nil
}
