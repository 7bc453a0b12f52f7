// Command adapter speaks the line protocol of "handshakes vectors run" for the packages beside it; with
// --serve PLATFORM --now SECONDS it serves the platform's handler instead. Only tests need it.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"handshakes/fortis"
	"handshakes/officernd"
	"handshakes/onoffice"
	"handshakes/retailcrm"
	"handshakes/strict"
)

// question is one line. It is read by the strict reader too: parameters keep their order, and numbers their digits.
type question struct{ input, given strict.Object }

type fields map[string]any

var answers = map[string]func(question) (fields, error){
	"officernd.sign_query": func(q question) (fields, error) {
		signature, err := officernd.SignQuery(q.secret(), pairs(q.input), integer(q.input, "timestamp"))
		return fields{"signature": signature}, err
	},
	"officernd.sign_webhook": func(q question) (fields, error) {
		signature, err := officernd.SignWebhook(q.secret(), data(q.input, "body"), integer(q.input, "timestamp"))
		return fields{"signature": signature}, err
	},
	"officernd.verify_query": func(q question) (fields, error) {
		return officerndFields(officernd.VerifyQuery(text(q.input, "target"), q.secret(), q.now(),
			q.tolerance(officernd.DefaultTolerance)))
	},
	"officernd.verify_webhook": func(q question) (fields, error) {
		return officerndFields(officernd.VerifyWebhook(data(q.input, "body"), text(q.input, "header"), q.secret(),
			q.now(), q.tolerance(officernd.DefaultTolerance)))
	},
	"retailcrm.registration_token": func(q question) (fields, error) {
		token, err := retailcrm.RegistrationToken(q.secret(), text(q.input, "api_key"))
		return fields{"token": token}, err
	},
	"retailcrm.verify_registration": func(q question) (fields, error) {
		verified, err := retailcrm.VerifyRegistration(data(q.input, "body"), text(q.input, "content_type"), q.secret())
		if err != nil {
			return nil, err
		}
		return fields{"parameters": lists(verified.Parameters),
			"api_key": verified.APIKey, "system_url": verified.SystemURL,
			"covered": names(verified.Covered), "not_covered": names(verified.NotCovered)}, nil
	},
	"retailcrm.canonical_system_url": func(q question) (fields, error) {
		allowed := retailcrm.Official
		if given, found := q.given.Get("allowed"); found {
			allowed = nil
			for _, entry := range given.([]any) {
				allowed = append(allowed, entry.(string))
			}
		}
		origin, err := retailcrm.Origin(text(q.input, "url"), allowed)
		return fields{"url": origin}, err
	},
	"onoffice.string_to_sign": func(q question) (fields, error) {
		message, err := onoffice.StringToSign(text(q.input, "target"))
		return fields{"text": message}, err
	},
	"onoffice.sign_url": func(q question) (fields, error) {
		signed, err := onoffice.SignURL(text(q.input, "target"), q.secret())
		return fields{"url": signed}, err
	},
	"onoffice.verify_url": func(q question) (fields, error) {
		verified, err := onoffice.VerifyURL(text(q.input, "target"), q.secret(), q.now(),
			q.tolerance(onoffice.DefaultTolerance))
		if err != nil {
			return nil, err
		}
		return fields{"parameters": lists(verified.Parameters), "timestamp": verified.Timestamp,
			"covered": names(verified.Covered), "not_covered": names(nil)}, nil
	},
	"onoffice.api_hmac": func(q question) (fields, error) {
		action := onoffice.Action{
			Token: text(q.input, "token"), APIKey: text(q.input, "api_key"), Timestamp: text(q.input, "timestamp"),
			ResourceType: text(q.input, "resource_type"), ActionID: text(q.input, "action_id"),
			Identifier: text(q.input, "identifier"), ResourceID: text(q.input, "resource_id"),
			Parameters: object(q.input, "parameters"),
		}
		version := 2
		if _, found := q.input.Get("version"); found {
			version = int(integer(q.input, "version"))
		}
		made, err := onoffice.APIHMAC(action, version)
		return fields{"hmac": made}, err
	},
	"onoffice.unlock_answer": func(q question) (fields, error) {
		return fields{"success": "success"}, onoffice.UnlockAnswer(int(integer(q.input, "status")), data(q.input, "body"))
	},
	"fortis.launch_hmac": func(q question) (fields, error) {
		made, err := fortis.LaunchHMAC(q.secret(), text(q.input, "location_id"), text(q.input, "timestamp"))
		return fields{"hmac": made}, err
	},
	"fortis.encrypt_parameters": func(q question) (fields, error) {
		made, err := fortis.EncryptParameters(q.secret(), pairs(q.input), data(q.input, "salt"))
		return fields{"data": made}, err
	},
	"fortis.decrypt_parameters": func(q question) (fields, error) {
		parameters, err := fortis.DecryptParameters(q.secret(), text(q.input, "data"))
		return fields{"parameters": lists(parameters), "covered": names(nil),
			"not_covered": strict.Names(parameters)}, err
	},
	"fortis.verify_launch": func(q question) (fields, error) {
		verified, err := fortis.VerifyLaunch(text(q.input, "target"), text(q.given, "mode"), q.secret(), q.now())
		if err != nil {
			return nil, err
		}
		found := fields{"mode": verified.Mode, "parameters": lists(verified.Parameters), "timestamp": nil,
			"covered": names(verified.Covered), "not_covered": names(verified.NotCovered)}
		if verified.Mode == fortis.Plain {
			found["timestamp"] = verified.Timestamp
		}
		return found, nil
	},
}

// stages are the bytes that lie between the input and the key, the last of them at least.
var stages = map[string]func(question) (fields, error){
	"officernd.sign_query": func(q question) (fields, error) {
		signed := pairs(q.input)
		message := officernd.Message(strict.FormatJSON(signed), text(q.input, "timestamp"))
		return stage("message", message, strict.Unique(signed))
	},
	"officernd.sign_webhook": func(q question) (fields, error) {
		return stage("message", officernd.Message(data(q.input, "body"), text(q.input, "timestamp")), nil)
	},
	"officernd.verify_query": func(q question) (fields, error) {
		message, err := officernd.SignedBytes(text(q.input, "target"))
		return stage("message", message, err)
	},
	"officernd.verify_webhook": func(q question) (fields, error) {
		message, err := officernd.SignedWebhookBytes(data(q.input, "body"), text(q.input, "header"))
		return stage("message", message, err)
	},
	"retailcrm.registration_token": func(q question) (fields, error) {
		message, err := retailcrm.TokenBytes(text(q.input, "api_key"))
		return stage("message", message, err)
	},
	"retailcrm.verify_registration": func(q question) (fields, error) {
		message, err := retailcrm.SignedBytes(data(q.input, "body"), text(q.input, "content_type"))
		return stage("message", message, err)
	},
	"onoffice.string_to_sign": urlStage, "onoffice.sign_url": urlStage, "onoffice.verify_url": urlStage,
	"fortis.launch_hmac": func(q question) (fields, error) {
		return stage("message", fortis.LaunchBytes(text(q.input, "location_id"), text(q.input, "timestamp")), nil)
	},
	"fortis.encrypt_parameters": func(q question) (fields, error) {
		padded, err := fortis.PaddedText(pairs(q.input), data(q.input, "salt"))
		return fields{"padded": bytesOf(padded), "salt": bytesOf(data(q.input, "salt"))}, err
	},
	"fortis.decrypt_parameters": func(q question) (fields, error) {
		salt, _, err := fortis.Sealed(text(q.input, "data"))
		return stage("salt", salt, err)
	},
	"fortis.verify_launch": func(q question) (fields, error) { // the mode is not told: what can be read of either
		found := fields{}
		message, refused := fortis.SignedBytes(text(q.input, "target"))
		if refused == nil {
			found["message"] = bytesOf(message)
		}
		parameters, _ := strict.ParseQuery(strict.Query(text(q.input, "target")))
		sealed, _ := strict.Get(parameters, "data")
		if salt, _, err := fortis.Sealed(sealed); err == nil {
			found["salt"], refused = bytesOf(salt), nil
		}
		return found, refused
	},
}

func urlStage(q question) (fields, error) {
	message, err := onoffice.SignedBytes(text(q.input, "target"))
	return stage("message", message, err)
}

func stage(name string, content []byte, err error) (fields, error) {
	return fields{name: bytesOf(content)}, err
}

func bytesOf(content []byte) fields { return fields{"hex": hex.EncodeToString(content)} }

func officerndFields(verified *officernd.Verified, err error) (fields, error) {
	if err != nil {
		return nil, err
	}
	return fields{"parameters": lists(verified.Parameters), "timestamp": verified.Timestamp,
		"covered": names(verified.Covered), "not_covered": names(verified.NotCovered)}, nil
}

func (q question) secret() string { return text(q.given, "secret") }

func (q question) now() int64 { return integer(q.given, "now") }

func (q question) tolerance(otherwise strict.Tolerance) strict.Tolerance {
	given, found := q.given.Get("tolerance")
	if !found {
		return otherwise
	}
	limits := strict.Object{{Name: "back", Value: given.([]any)[0]}, {Name: "ahead", Value: given.([]any)[1]}}
	return strict.Tolerance{Back: integer(limits, "back"), Ahead: integer(limits, "ahead")}
}

// text returns a string, or the digits of a number.
func text(from strict.Object, name string) string {
	value, _ := from.Get(name)
	if number, isNumber := value.(json.Number); isNumber {
		return number.String()
	}
	found, _ := value.(string)
	return found
}

func integer(from strict.Object, name string) int64 {
	found, err := strconv.ParseInt(text(from, name), 10, 64)
	if err != nil {
		log.Fatalf("%s is no whole number", name)
	}
	return found
}

func object(from strict.Object, name string) strict.Object {
	value, _ := from.Get(name)
	found, _ := value.(strict.Object)
	return found
}

func data(from strict.Object, name string) []byte {
	bytes := object(from, name)
	if digits, isHex := bytes.Get("hex"); isHex {
		found, err := hex.DecodeString(digits.(string))
		if err != nil {
			log.Fatal(err)
		}
		return found
	}
	return []byte(text(bytes, "utf8"))
}

func pairs(from strict.Object) []strict.Pair {
	found := []strict.Pair{}
	value, _ := from.Get("pairs")
	for _, item := range value.([]any) {
		pair := item.([]any)
		found = append(found, strict.Pair{Name: pair[0].(string), Value: pair[1].(string)})
	}
	return found
}

func lists(pairs []strict.Pair) [][2]string {
	found := [][2]string{}
	for _, pair := range pairs {
		found = append(found, [2]string{pair.Name, pair.Value})
	}
	return found
}

func names(names []string) []string { return append([]string{}, names...) }

func answer(line string) fields {
	var head struct{ ID, Operation, Want string }
	if err := json.Unmarshal([]byte(line), &head); err != nil {
		log.Fatal(err)
	}
	table, kind := answers, "returns"
	if head.Want == "stages" {
		table, kind = stages, "stages"
	}
	operation, supported := table[head.Operation]
	if !supported {
		return fields{"id": head.ID, "verdict": "unsupported"}
	}
	value, err := strict.ParseJSON(line, 1000) // refuses half of a surrogate pair, which a string of Go cannot hold
	if err == nil {
		var found fields
		asked := value.(strict.Object)
		if found, err = operation(question{object(asked, "input"), object(asked, "given")}); err == nil {
			return fields{"id": head.ID, "verdict": "accepted", kind: found}
		}
	}
	var refused *strict.Refused
	if !errors.As(err, &refused) {
		log.Fatal(err)
	}
	return fields{"id": head.ID, "verdict": "refused", "reason": refused.Reason}
}

func answerLines() {
	reader := bufio.NewReader(os.Stdin)
	for {
		line, err := reader.ReadString('\n')
		if err == io.EOF {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		text, err := json.Marshal(answer(strings.TrimSuffix(line, "\n")))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", text)
	}
}

// handler configures a platform with the public secrets of the vectors.
func handler(platform, origin string, now func() time.Time) http.Handler {
	accepted := func(w http.ResponseWriter, kind, content string) {
		w.Header().Set("Content-Type", kind)
		io.WriteString(w, content)
	}
	switch platform {
	case "officernd":
		return officernd.Handler(officernd.Options{
			Secret: "example-integration-secret", WebhookSecret: "example-webhook-secret", Now: now, Log: log.Default(),
			Accepted: func(w http.ResponseWriter, _ *http.Request, _ *officernd.Verified) {
				accepted(w, "application/json", `{"accountName":"Example"}`)
			},
		})
	case "retailcrm":
		return retailcrm.Handler(retailcrm.Options{
			Secret: "secret", AccountURL: "https://module.example/account", Log: log.Default(),
			Accepted: func(origin, apiKey string) error { return nil },
		})
	case "onoffice":
		return onoffice.Handler(onoffice.Options{
			Secret: "hier Anbietersecret einsetzen", Origin: origin, Now: now, Log: log.Default(),
			Accepted: func(w http.ResponseWriter, _ *http.Request, _ *onoffice.Verified) {
				accepted(w, "text/html; charset=utf-8", "<!DOCTYPE html><title>Opened</title>")
			},
		})
	case "fortis":
		return fortis.Handler(fortis.Options{
			Secret: "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3", Mode: fortis.Plain, Now: now, Log: log.Default(),
			Accepted: func(w http.ResponseWriter, _ *http.Request, _ *fortis.Verified) {
				accepted(w, "text/html; charset=utf-8", "<!DOCTYPE html><title>Opened</title>")
			},
		})
	}
	log.Fatalf("there is no platform %q", platform)
	return nil
}

// serve runs a handler on a free port until the standard input ends or SIGTERM comes.
func serve(platform string, seconds int64) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	origin := "http://" + listener.Addr().String()
	now := func() time.Time { return time.Unix(seconds, 0) }
	server := &http.Server{Handler: handler(platform, origin, now), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, os.Interrupt)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		ended <- os.Interrupt
	}()
	go func() {
		<-ended
		server.Close()
	}()
	fmt.Println(origin)
	if err := server.Serve(listener); err != http.ErrServerClosed {
		log.Fatal(err)
	}
}

func main() {
	platform := flag.String("serve", "", "serve the handler of this platform")
	seconds := flag.Int64("now", 0, "what the served handler takes for the time")
	flag.Parse()
	log.SetFlags(0)
	if *platform != "" {
		serve(*platform, *seconds)
		return
	}
	answerLines()
}
