// SPDX-License-Identifier: ISC
// Makes a certificate that nobody has signed but itself, with its key, for trying TLS out. Run by suite-tls
// as a process of its own, for ftpctl.
#pragma once

#include "common/tls/tls_process.hh"

#include <span>
#include <string>
#include <vector>

namespace common {

// What there is to tell of it: a line for the configuration, its fingerprint, and until when it is valid.
// hosts: names and addresses of the server; none: the machine's name and localhost. The files are new: throws
// UserError where one is there already, and std::system_error.
std::vector<std::string> make_certificate(const CertificateFiles& files, std::span<const std::string> hosts);

} // namespace common
