variable "cluster_name" {
  description = "Name of the cluster; machines are called after it."
  type        = string
}

variable "subscription_id" {
  description = "Subscription of Azure."
  type        = string
}

variable "region" {
  description = "Region of Azure."
  type        = string
  default     = "eastus"
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
  description = "Public key of the machines' administrator."
  type        = string
}

variable "ssh_private_key_path" {
  description = "Its private half on this machine; only the path is written down."
  type        = string
}

variable "admin_user" {
  description = "Administrator of the machines."
  type        = string
  default     = "azureuser"
}

variable "worker_count" {
  description = "Number of workers."
  type        = number
  default     = 3
}

variable "control_plane_size" {
  description = "Size of the control plane."
  type        = string
  default     = "Standard_B4ms"
}

variable "worker_size" {
  description = "Size of the workers."
  type        = string
  default     = "Standard_B4ms"
}

variable "disk_gb" {
  description = "Disk of each machine."
  type        = number
  default     = 100

  validation {
    condition     = var.disk_gb >= 30
    error_message = "At least 30."
  }
}

variable "vnet_cidr" {
  description = "Network of the machines; apart from pods (10.244.0.0/16) and services (10.96.0.0/12)."
  type        = string
  default     = "10.0.0.0/16"
}

variable "kubernetes_version" {
  description = "With the leading v; null: the newest that the packages have."
  type        = string
  default     = null
}

variable "registry_name" {
  description = "Container registry for images of your own; null: none."
  type        = string
  default     = null
}
