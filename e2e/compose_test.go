package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	yaml "github.com/oasdiff/yaml3"

	"github.com/aitys/aitys/internal/testkit"
)

// A compose is a compose file with the fields that ours use. Others are errors.
type compose struct {
	Template *composeService            `yaml:"x-aitys"`
	Services map[string]*composeService `yaml:"services"`
	Networks map[string]any             `yaml:"networks"`
	Volumes  map[string]any             `yaml:"volumes"`
}

type composeService struct {
	Image string `yaml:"image"`
	Build struct {
		Context string            `yaml:"context"`
		Args    map[string]string `yaml:"args"`
	} `yaml:"build"`
	Restart         string            `yaml:"restart"`
	ReadOnly        bool              `yaml:"read_only"`
	CapDrop         []string          `yaml:"cap_drop"`
	SecurityOpt     []string          `yaml:"security_opt"`
	StopGracePeriod string            `yaml:"stop_grace_period"`
	Command         []string          `yaml:"command"`
	Environment     map[string]string `yaml:"environment"`
	Ports           []string          `yaml:"ports"`
	Volumes         []string          `yaml:"volumes"`
	EnvFile         []struct {
		Path     string `yaml:"path"`
		Required bool   `yaml:"required"`
	} `yaml:"env_file"`
	DependsOn map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
	Healthcheck struct {
		Test        []string `yaml:"test"`
		Interval    string   `yaml:"interval"`
		StartPeriod string   `yaml:"start_period"`
	} `yaml:"healthcheck"`
}

// readCompose reads a compose file with the variables of a file .env. A variable without a value or default is an
// error.
func readCompose(t *testing.T, path string, dotEnv map[string]string) (c compose) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	filled := regexp.MustCompile(`\$\{(\w+)(?::([-?])([^}]*))?\}`).ReplaceAllStringFunc(string(text), func(s string) string {
		name, rest, _ := strings.Cut(strings.Trim(s, "${}"), ":")
		value, given := dotEnv[name]
		used[name] = true
		if !given && strings.HasPrefix(rest, "-") {
			value, given = rest[1:], true
		}
		if !given {
			t.Errorf("%s: %s has no value", path, name)
		}
		return value
	})
	for name := range dotEnv {
		if !used[name] {
			t.Errorf("%s does not use %s", path, name)
		}
	}
	parser := yaml.NewDecoder(strings.NewReader(filled))
	parser.KnownFields(true)
	if err := parser.Decode(&c); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for name, s := range c.Services {
		for needed := range s.DependsOn {
			if c.Services[needed] == nil {
				t.Errorf("%s: %s needs %s, which is no service", path, name, needed)
			}
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, ok := c.Volumes[from]; strings.HasPrefix(from, ".") {
				if _, err := os.Stat(filepath.Join(filepath.Dir(path), from)); err != nil {
					t.Errorf("%s: %s: %v", path, name, err)
				}
			} else if !ok {
				t.Errorf("%s: %s uses the volume %s, which does not exist", path, name, from)
			}
		}
	}
	return c
}

// composed are the services of a compose file, which run without a container engine.
type composed struct {
	t       *testing.T
	replace *strings.Replacer // addresses of the file, and here
	servers map[string]*testkit.Instance
	folders map[string]string // /data of each server
	env     []string          // environment of one server
	proxy   *http.Client
}

// freeAddress returns an address on which a server can listen.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := testkit.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startCompose starts the servers and the proxy of a compose file as its engine would, on other addresses. replace has
// pairs of a text in the file, and its value here.
func startCompose(t *testing.T, c compose, replace ...string) *composed {
	t.Helper()
	image, command := imageDefaults(t)
	r := &composed{t: t, servers: map[string]*testkit.Instance{}, folders: map[string]string{}}
	listen := map[string]string{}
	for name, s := range c.Services {
		if s.Image == "aitys" {
			listen[name] = freeAddress(t)
			replace = append(replace, name+":8080", listen[name])
		}
	}
	r.replace = strings.NewReplacer(replace...)
	for name := range listen {
		s := c.Services[name]
		env := maps.Clone(image)
		maps.Copy(env, s.Environment)
		data := t.TempDir()
		env["AITYS_DATA"], env["TMPDIR"], env["AITYS_LISTEN"] = data, data, listen[name]
		r.env = r.environment(env)
		args := append(append([]string{"-i"}, r.env...), testkit.Binary(t))
		own := command
		if s.Command != nil {
			own = s.Command
		}
		i, err := testkit.Start("env", append(args, own...)...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		t.Cleanup(i.Kill)
		r.servers[name], r.folders[name] = i, data
	}
	r.startProxy(c.Services["caddy"])
	return r
}

// imageDefaults returns the environment and the arguments of the image in the Dockerfile.
func imageDefaults(t *testing.T) (env map[string]string, command []string) {
	t.Helper()
	text, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	env = map[string]string{}
	for _, pair := range strings.Fields(string(regexp.MustCompile(`(?m)^ENV (.*)$`).FindSubmatch(text)[1])) {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	line := regexp.MustCompile(`(?m)^CMD (.*)$`).FindSubmatch(text)[1]
	if err := json.Unmarshal(line, &command); err != nil {
		t.Fatal(err)
	}
	return env, command
}

// environment returns NAME=VALUE of variables with the addresses of this test.
func (r *composed) environment(env map[string]string) (list []string) {
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+r.replace.Replace(env[name]))
	}
	return list
}

// startProxy starts Caddy with our Caddyfile, on a free port and without a certificate.
func (r *composed) startProxy(s *composeService) {
	r.t.Helper()
	address := freeAddress(r.t)
	_, port, _ := net.SplitHostPort(address) // valid
	env := maps.Clone(s.Environment)
	env["SITE"] = "http://" + env["SITE"] + ":" + port
	for _, name := range []string{"HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"} {
		env[name] = r.t.TempDir()
	}
	cmd := exec.Command(testkit.Program(r.t, "caddy"), "run", "--config", "../Caddyfile", "--adapter", "caddyfile")
	cmd.Env = r.environment(env)
	log := &testkit.Log{}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = cmd.Process.Kill() // a server that ended by itself failed the test before
		_ = cmd.Wait()
		if r.t.Failed() {
			r.t.Log(log)
		}
	})
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	r.proxy = &http.Client{Transport: &http.Transport{DialContext: dial}}
	testkit.Until(r.t, "Caddy answers", func() bool {
		c, err := dial(r.t.Context(), "", "")
		return err == nil && c.Close() == nil
	})
}

// run runs a command as `docker compose exec` would.
func (r *composed) run(stdin string, args ...string) string {
	r.t.Helper()
	out, err := testkit.RunWithInput(stdin, "env", append(append(append([]string{"-i"}, r.env...), testkit.Binary(r.t)), args...)...)
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

const blogPost = "https://blog.example/post"

// checkComments adds a site, and checks that a comment posted through the proxy reaches a moderator's stream through
// the proxy, and is visible on every server.
func (r *composed) checkComments() {
	t := r.t
	t.Helper()
	r.run("", "site", "add", "--key", "blog", "--name", "Blog", "--origin", "https://blog.example")
	r.run(password+"\n", "account", "add", "--email", email, "--name", "Dana", "--role", "owner", "--password-stdin")
	token := r.run("", "token", "add", "--account", email)
	reader := &testkit.Client{URL: "http://comments.example", Site: "blog", HTTP: r.proxy}
	moderator := &testkit.Client{URL: reader.URL, Site: "blog", Token: token, HTTP: r.proxy}
	testkit.Until(t, "every server knows the site", func() bool {
		for range 2 * len(r.servers) { // Caddy chooses a server at random
			if reader.Do(t.Context(), http.MethodGet, "/comments?page="+blogPost, nil, nil, nil) != nil {
				return false
			}
		}
		return true
	})
	heard := r.follow(moderator)
	const text = "Written through the proxy."
	posted, err := reader.Post(t.Context(), "", blogPost, "Ruth", "", text)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, "the stream names the comment", func() bool { return strings.Contains(heard(), posted.ID) })
	for name, server := range r.servers {
		direct := &testkit.Client{URL: server.URL, Site: "blog", HTTP: http.DefaultClient}
		if body, _, err := direct.Own(t.Context(), posted.ID, posted.EditToken); err != nil || body != text {
			t.Errorf("%s has the comment %q, %v", name, body, err)
		}
	}
	if _, err := moderator.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: posted.ID, Version: posted.Version}); err != nil {
		t.Fatal(err)
	}
	for name, server := range r.servers {
		direct := &testkit.Client{URL: server.URL, Site: "blog", HTTP: http.DefaultClient}
		testkit.Until(t, name+" shows the comment", func() bool {
			var list json.RawMessage
			err := direct.Do(t.Context(), http.MethodGet, "/comments?page="+blogPost, nil, nil, &list)
			return err == nil && strings.Contains(string(list), text)
		})
	}
}

// follow reads a moderation stream until the test ends. The returned function returns what arrived.
func (r *composed) follow(c *testkit.Client) (heard func() string) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/api/v1/sites/"+c.Site+"/moderation/live", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	res, err := c.HTTP.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		r.t.Fatalf("the stream answers %v, %v", res, err)
	}
	var log testkit.Log
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(&log, res.Body) // ends with the test
	}()
	r.t.Cleanup(func() {
		cancel()
		<-ended
		_ = res.Body.Close()
	})
	return log.String
}

const subnet = "127.0.0.0/8" // of the proxy in these tests

func TestCompose_CommentsPassTheProxy(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	c := readCompose(t, "../compose.yaml", map[string]string{"DOMAIN": "comments.example", "SUBNET": subnet})
	startCompose(t, c).checkComments()
}

func TestCompose_ReplicasShareComments(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	const dbPassword, secret = "4c1f6d0e", "0f5cbb3a90d14f0ba5b0a8c8b0a54ad1"
	c := readCompose(t, "../compose.scale.yaml", map[string]string{"DOMAIN": "comments.example", "SUBNET": subnet,
		"POSTGRES_PASSWORD": dbPassword, "AITYS_SECRET": secret})
	db := c.Services["postgres"].Environment
	r := startCompose(t, c,
		fmt.Sprintf("postgres://%s:%s@postgres/%s", db["POSTGRES_USER"], db["POSTGRES_PASSWORD"], db["POSTGRES_DB"]),
		testkit.EmptyPostgres(t), "redis://redis:6379", testkit.Redis(t))
	if len(r.servers) != 2 {
		t.Fatalf("%d servers run, want 2", len(r.servers))
	}
	r.checkComments()

	// One server stops. Reads go on at once. A post is repeated until Caddy has noticed: before 2.11.2 it could not pass
	// a body on to the next server.
	if err := r.servers["aitys-1"].Stop(); err != nil {
		t.Error(err)
	}
	reader := &testkit.Client{URL: "http://comments.example", Site: "blog", HTTP: r.proxy}
	for range 10 {
		if err := reader.Do(t.Context(), http.MethodGet, "/comments?page="+blogPost, nil, nil, nil); err != nil {
			t.Errorf("a read with one server: %v", err)
		}
	}
	testkit.Until(t, "the other server takes a comment", func() bool {
		_, err := reader.Post(t.Context(), "0123456789abcdef", blogPost, "Ruth", "", "Written with one server.")
		return err == nil
	})
	for name, server := range r.servers {
		if strings.Contains(server.Log(), secret) || strings.Contains(server.Log(), dbPassword) {
			t.Errorf("%s logs a secret: %s", name, server.Log())
		}
	}
	for name, folder := range r.folders {
		if files, err := os.ReadDir(folder); err != nil || len(files) > 0 {
			t.Errorf("%s needs no volume, but wrote %v, %v", name, files, err)
		}
	}
}
