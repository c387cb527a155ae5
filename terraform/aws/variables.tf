variable "cluster_name" {
  description = "Name of the cluster; machines are called after it."
  type        = string
}

variable "region" {
  description = "Region of AWS."
  type        = string
  default     = "us-east-1"
}

variable "allowed_ssh_cidrs" {
  description = "Who may reach SSH and the API server; no default: nothing is open to the Internet."
  type        = list(string)

  validation {
    condition = length(var.allowed_ssh_cidrs) > 0 && alltrue([
      for cidr in var.allowed_ssh_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")
    ])
    error_message = "Name at least one network, and not the whole Internet."
  }
}

variable "ssh_public_key_path" {
  description = "Public key that is imported as the cluster's key pair."
  type        = string
}

variable "ssh_private_key_path" {
  description = "Its private half on this machine; only the path is written down."
  type        = string
}

variable "worker_count" {
  description = "Number of workers."
  type        = number
  default     = 3
}

variable "control_plane_size" {
  description = "Instance type of the control plane."
  type        = string
  default     = "t3.large"
}

variable "worker_size" {
  description = "Instance type of the workers."
  type        = string
  default     = "t3.large"
}

variable "disk_gb" {
  description = "Root disk of each machine."
  type        = number
  default     = 100

  validation {
    condition     = var.disk_gb >= 30
    error_message = "At least 30."
  }
}

variable "vpc_cidr" {
  description = "Network of the machines; apart from pods (10.244.0.0/16) and services (10.96.0.0/12)."
  type        = string
  default     = "10.0.0.0/16"
}

variable "kubernetes_version" {
  description = "With the leading v; null: the newest that the packages have."
  type        = string
  default     = null
}

variable "registry_repositories" {
  description = "ECR repositories for images of your own."
  type        = set(string)
  default     = []
}

variable "client_vpn_certificate_arn" {
  description = "ACM certificate of a Client VPN server, whose authority signs the clients too; null: no VPN."
  type        = string
  default     = null
}

variable "client_vpn_cidr" {
  description = "Addresses of VPN clients."
  type        = string
  default     = "172.16.0.0/22"
}
