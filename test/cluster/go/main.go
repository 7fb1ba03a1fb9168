// A control plane in one program, for tests: etcd, kube-apiserver and metrics-server, each behind a sub-command.
//
// Three processes rather than one, so that a test can kill the metrics server and leave the API server alone.
// They end with SIGKILL, or when their standard input does, so that none outlives the test that started it.
// (The API server's own shutdown would wait a minute for open watches.)
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"
	_ "time/tzdata"

	"go.etcd.io/etcd/server/v3/embed"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/component-base/cli"
	logsapi "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	metricsserver "sigs.k8s.io/metrics-server/cmd/metrics-server/app"
)

const usage = `usage: control-plane certificates DIR
       control-plane etcd --data-dir=DIR --client-url=URL --peer-url=URL
       control-plane kube-apiserver FLAGS
       control-plane metrics-server FLAGS`

func main() {
	if len(os.Args) < 2 {
		fail(usage)
	}
	// Both servers configure logging, and the second to do so would refuse to start.
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	name, args := os.Args[1], os.Args[2:]
	if name == "certificates" && len(args) == 1 {
		writeCertificates(args[0])
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	switch name {
	case "etcd":
		runEtcd(args)
	case "kube-apiserver":
		command := apiserver.NewAPIServerCommand()
		command.SetArgs(args)
		os.Exit(cli.Run(command))
	case "metrics-server":
		runMetricsServer(args)
	default:
		fail(usage)
	}
}

func runEtcd(args []string) {
	flags := flag.NewFlagSet("etcd", flag.ExitOnError)
	dataDir := flags.String("data-dir", "", "an empty folder")
	clientURL := flags.String("client-url", "", "http://127.0.0.1:PORT, for the API server")
	peerURL := flags.String("peer-url", "", "http://127.0.0.1:PORT, that nobody uses")
	_ = flags.Parse(args)

	config := embed.NewConfig()
	config.Dir = *dataDir
	config.LogLevel = "warn"
	config.UnsafeNoFsync = true // the folder is thrown away
	client, peer := must(url.Parse(*clientURL)), must(url.Parse(*peerURL))
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{*peer}, []url.URL{*peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	fail(<-must(embed.StartEtcd(config)).Err())
}

// runMetricsServer starts it once it can start: it reads the API server's front-proxy settings when it begins, and where
// they are absent or its rights are not there yet it gives up, but keeps its port, so that a second try fails too.
func runMetricsServer(args []string) {
	kubeconfig := ""
	for _, arg := range args {
		if path, found := strings.CutPrefix(arg, "--kubeconfig="); found {
			kubeconfig = path
		}
	}
	client := must(kubernetes.NewForConfig(must(clientcmd.BuildConfigFromFlags("", kubeconfig))))
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		_, err := client.CoreV1().ConfigMaps("kube-system").Get(ctx, "extension-apiserver-authentication", metav1.GetOptions{})
		cancel()
		if err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	// Not a signal handler: there may be one in a process only.
	command := metricsserver.NewMetricsServerCommand(make(chan struct{}))
	command.SetArgs(args)
	if err := command.Execute(); err != nil {
		fail(err)
	}
}

func fail(message any) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(1)
}
