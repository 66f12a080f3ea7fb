// SPDX-License-Identifier: ISC
#include "tests/bench/ftp_servers.hh"

#include "common/errors.hh"

#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
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

// How each peer is started; its configuration is servers/NAME.conf.
struct Peer {
    std::string_view subject, package, configuration;
    Words (*arguments)(const std::string& configuration, const std::string& port, const std::string& root);
};
constexpr Peer peers[] = {
    {"vsftpd", "vsftpd", "vsftpd",
     [](const std::string& file, const std::string&, const std::string&) { return Words{file}; }},
    {"vsftpd without sandbox", "vsftpd", "vsftpd-open",
     [](const std::string& file, const std::string&, const std::string&) { return Words{file}; }},
    {"pure-ftpd", "pure-ftpd", "pure-ftpd",
     [](const std::string& file, const std::string&, const std::string&) { return Words{file}; }},
    {"proftpd", "proftpd", "proftpd",
     [](const std::string& file, const std::string&, const std::string&) {
         return Words{"-n", "-q", "-c", file};
     }},
    {"pyftpdlib", "pyftpdlib", "",
     [](const std::string&, const std::string& port, const std::string& root) {
         return Words{port, root};
     }},
};

} // namespace

FtpFiles::FtpFiles(const Setting& setting)
    : root(setting.scratch + "/ftp"), large(root + "/large"), uploads(root + "/in") {
    fs::create_directories(root + "/many");
    fs::create_directories(uploads);
    fs::create_directories(setting.scratch + "/empty");
    ::chmod(uploads.c_str(), 0777);
    write_file(root + "/small", 1024);
    write_file(large, large_file);
    for (unsigned i = 0; i < listed_files; ++i) write_file(root + "/many/file-" + std::to_string(i), 0);
}

void FtpFiles::clear_uploads() const {
    for (const auto& entry : fs::directory_iterator{uploads}) fs::remove(entry);
}

std::vector<FtpServer> start_ftp_servers(const Setting& setting, const FtpFiles& files) {
    std::vector<FtpServer> started;
    const auto start = [&](std::string_view subject, std::string_view configuration, const auto& command_of) {
        const std::uint16_t port = find_free_port();
        const std::string port_text = std::to_string(port), output = setting.scratch + "/output-" + port_text;
        try {
            std::string file;
            if (!configuration.empty())
                file = write_configuration(setting, configuration,
                                           {{"PORT", port_text},
                                            {"ROOT", files.root},
                                            {"EMPTY", setting.scratch + "/empty"},
                                            {"STATE", setting.scratch + "/state-" + port_text}});
            started.push_back(
                {std::string{subject}, std::make_unique<Server>(command_of(file, port_text), port, output,
                                                                Words{"ANONYMOUS_ROOT=" + files.root})});
        } catch (const std::exception& error) {
            std::cerr << "  " << subject << " is missing: " << error.what() << '\n';
        }
    };
    for (const auto& [subject, folder] : setting.builds)
        start(subject, "ftpd", [&](const std::string& file, const std::string&) {
            return Words{folder + "/ftpd", "-d", "-f", file};
        });
    for (const Peer& peer : peers)
        start(peer.subject, peer.configuration, [&](const std::string& file, const std::string& port) {
            Words command = peer.arguments(file, port, files.root);
            command.insert(command.begin(), setting.peers + "/" + std::string{peer.package} + "/run");
            return command;
        });
    return started;
}

FtpServer start_floor(const Setting& setting, std::string subject, const std::string& kind,
                      const std::string& file) {
    const std::uint16_t port = find_free_port();
    const std::string port_text = std::to_string(port);
    Words command{setting.floor, kind, port_text};
    if (!file.empty()) command.push_back(file);
    return {std::move(subject),
            std::make_unique<Server>(command, port, setting.scratch + "/output-" + port_text)};
}

} // namespace bench
