package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// An authority signs what the cluster needs: of its own for the aggregation layer, as a real cluster has it.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

var serial int64

// writeCertificates fills a folder with NAME.crt and NAME.key for all parts and all users of the cluster.
func writeCertificates(folder string) {
	cluster := newAuthority(folder, "ca")
	frontProxy := newAuthority(folder, "front-proxy-ca")
	year := time.Now().AddDate(1, 0, 0)
	// One serving certificate for all three servers: all of them listen on 127.0.0.1.
	cluster.issue(folder, "serving", pkix.Name{CommonName: "127.0.0.1"}, x509.ExtKeyUsageServerAuth, year)
	frontProxy.issue(folder, "front-proxy", pkix.Name{CommonName: "front-proxy"}, x509.ExtKeyUsageClientAuth, year)
	for _, user := range []string{"metrics-server", "viewer"} {
		cluster.issue(folder, user, pkix.Name{CommonName: user}, x509.ExtKeyUsageClientAuth, year)
	}
	admin := pkix.Name{CommonName: "admin", Organization: []string{"system:masters"}}
	cluster.issue(folder, "admin", admin, x509.ExtKeyUsageClientAuth, year)
	cluster.issue(folder, "expired", pkix.Name{CommonName: "viewer"}, x509.ExtKeyUsageClientAuth, time.Now().Add(-time.Hour))

	key := must(rsa.GenerateKey(rand.Reader, 2048))
	writePEM(folder, "service-account.key", "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	writePEM(folder, "service-account.pub", "PUBLIC KEY", must(x509.MarshalPKIXPublicKey(key.Public())))
}

func newAuthority(folder, name string) authority {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber:          nextSerial(),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().AddDate(0, 0, -2),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	writePEM(folder, name+".crt", "CERTIFICATE", der)
	return authority{must(x509.ParseCertificate(der)), key}
}

func (a authority) issue(folder, name string, subject pkix.Name, usage x509.ExtKeyUsage, notAfter time.Time) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: nextSerial(),
		Subject:      subject,
		NotBefore:    time.Now().AddDate(0, 0, -1),
		NotAfter:     notAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{usage},
	}
	if usage == x509.ExtKeyUsageServerAuth {
		template.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default.svc"}
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 0, 0, 1)}
	}
	der := must(x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key))
	writePEM(folder, name+".crt", "CERTIFICATE", der)
	writePEM(folder, name+".key", "PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key)))
}

func nextSerial() *big.Int {
	serial++
	return big.NewInt(serial)
}

func writePEM(folder, name, kind string, der []byte) {
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
		fail(err)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		fail(err)
	}
	return value
}
