// SPDX-License-Identifier: ISC
#include "tests/bench/ftp_servers.hh"

#include "common/errors.hh"
#include "tests/bench/connection.hh"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace bench {
namespace {

namespace fs = std::filesystem;

void write_file(const std::string& name, std::size_t size) {
    std::ofstream out{name, std::ios::binary};
    std::string piece(std::min<std::size_t>(size, 1 << 20), '\0');
    for (std::size_t i = 0; i < piece.size(); ++i) piece[i] = static_cast<char>('a' + i % 26);
    for (std::size_t written = 0; written < size; written += piece.size())
        out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (!out.flush()) common::fail("write", name);
}

} // namespace

FtpFiles::FtpFiles(const Setting& setting)
    : root(setting.scratch + "/ftp"), large(root + "/large"), uploads(root + "/in") {
    fs::create_directories(root + "/many");
    fs::create_directories(uploads);
    ::chmod(uploads.c_str(), 0777);
    write_file(root + "/small", 1024);
    write_file(large, large_file);
    for (unsigned i = 0; i < listed_files; ++i) write_file(root + "/many/file-" + std::to_string(i), 0);
}

void FtpFiles::clear_uploads() const {
    for (const auto& entry : fs::directory_iterator{uploads}) fs::remove(entry);
}

void FtpFiles::warm_memory() const {
    write_file(uploads + "/warm", large_file);
    clear_uploads();
}

Lineup start_ftp_servers(const Setting& setting, const FtpFiles& files) {
    Lineup lineup{setting,
                  {{"ROOT", files.root}, {"PEERS", fs::absolute(setting.peers)}},
                  {"ANONYMOUS_ROOT=" + files.root}};
    lineup.add_suite("ftpd");
    lineup.add_peer("vsftpd", "vsftpd", "vsftpd", {"@CONF@"});
    lineup.add_peer("vsftpd without sandbox", "vsftpd", "vsftpd-open", {"@CONF@"});
    lineup.add_peer("pure-ftpd", "pure-ftpd", "pure-ftpd", {"@CONF@"});
    lineup.add_peer("proftpd", "proftpd", "proftpd", {"-n", "-q", "-c", "@CONF@"});
    lineup.add_peer("pyftpdlib", "pyftpdlib", "", {"@PORT@", files.root});
    return lineup;
}

Certificate make_certificate(const Setting& setting) {
    const std::string place = setting.scratch + "/tls-";
    Certificate made{place + "certificate", place + "key", place + "both"};
    const std::string command = "openssl req -x509 -nodes -days 30 -subj /CN=localhost -addext "
                                "subjectAltName=DNS:localhost -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
                                "-keyout " +
                                made.key + " -out " + made.certificate + " 2>&1 && cat " + made.key + ' ' +
                                made.certificate + " >" + made.both;
    if (std::system(command.c_str()) != 0) throw Failure{"openssl makes no certificate"};
    return made;
}

Lineup start_ftp_tls_servers(const Setting& setting, const FtpFiles& files) {
    const auto [certificate, key, both] = make_certificate(setting);
    Lineup lineup{setting,
                  {{"ROOT", files.root},
                   {"CERT", certificate},
                   {"KEY", key},
                   {"BOTH", both},
                   {"PEERS", fs::absolute(setting.peers)}},
                  {"ANONYMOUS_ROOT=" + files.root}};
    lineup.add_suite("ftpd", {"certificate " + certificate + ' ' + key});
    lineup.add_peer("vsftpd", "vsftpd", "vsftpd-tls", {"@CONF@"});
    lineup.add_peer("pure-ftpd", "pure-ftpd", "pure-ftpd-tls", {"@CONF@"});
    lineup.add_peer("proftpd", "proftpd", "proftpd-tls", {"-n", "-q", "-c", "@CONF@"});
    return lineup;
}

} // namespace bench
